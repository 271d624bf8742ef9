import { tokenPeers } from '../peers.ts'
import { measureRequests } from '../requests-over-loopback.ts'
import type { ProcessRow } from '../row.ts'

/** Requests over loopback, with responses read completely. */
export const wire: readonly ProcessRow[] = [1, 50].map((concurrency) => ({
  kind: 'process',
  name: `wire-${concurrency}`,
  title: `Authorised requests over loopback, ${concurrency === 1 ? 'one at a time' : `${concurrency} at once`}`,
  about: 'GET requests to a server in its own process. CPU is that of the client alone.',
  baseline: 'fetch',
  peers: ['fetch', ...tokenPeers],
  metrics: [
    {
      key: 'time',
      title: 'time a request',
      unit: 'µs',
      hasRatio: true,
      ratioTarget: 1.05,
    },
    {
      key: 'cpu',
      title: 'CPU a request',
      unit: 'µs',
      hasRatio: true,
      ratioTarget: 1.08,
      replaced: {
        kind: 'ratio',
        target: 1.03,
        reason:
          'Hand-written code itself takes up to 1.05. Without a network, the token adds 0.3 µs to a call, of 100 to 190; two processes with the same code differ by more.',
      },
    },
  ],
  rounds: { full: 24, quick: 2 },
  processes: 3,
  prepare: (peer, { settings, isQuick }) => measureRequests(peer, settings, concurrency, isQuick),
}))

const interceptorReason =
  'It adds 0.5 µs to a request without a network. Over loopback, that is 1.03 on an AMD EPYC, and 1.07 to 1.11 on an Intel Xeon, by run.'

/** undici's `request`, without and with the interceptor. */
export const undiciWire: ProcessRow = {
  kind: 'process',
  name: 'undici',
  title: 'Authorised requests by undici, 50 at once',
  about: 'The same by `request` of undici: with a static header, and by the interceptor of `@nightlatch/undici`.',
  baseline: 'undici',
  peers: ['undici', 'nightlatch on undici', 'fetch', 'nightlatch'],
  metrics: [
    {
      key: 'time',
      title: 'time a request',
      unit: 'µs',
      hasRatio: true,
      ratioTarget: 1.15,
      replaced: { kind: 'ratio', target: 1.08, reason: interceptorReason },
    },
    {
      key: 'cpu',
      title: 'CPU a request',
      unit: 'µs',
      hasRatio: true,
      ratioTarget: 1.15,
      replaced: { kind: 'ratio', target: 1.08, reason: interceptorReason },
    },
  ],
  rounds: { full: 64, quick: 2 },
  processes: 8,
  prepare: (peer, { settings, isQuick }) => measureRequests(peer, settings, 50, isQuick),
}
