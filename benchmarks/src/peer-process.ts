/** The process of one peer in one row: prepares once, then measures whenever it is asked to. */
import { findPeer } from './peers.ts'
import { findRow } from './rows.ts'
import { ServerControl } from './server-control.ts'

/** What it is asked: `sample`. What it answers. */
export type Reply =
  | { readonly is: 'ready'; readonly takesPart: boolean }
  | { readonly is: 'sample'; readonly sample: Readonly<Record<string, number>> }
  | { readonly is: 'failure'; readonly reason: string }

const tell = (reply: Reply): void => void process.send?.(reply)
const fail = (failure: unknown): void =>
  tell({ is: 'failure', reason: failure instanceof Error ? (failure.stack ?? failure.message) : String(failure) })

if (process.send !== undefined) {
  // What a peer leaves unhandled is no reason to end; it is on standard error.
  process.on('unhandledRejection', (reason) => process.stderr.write(`Unhandled: ${reason}\n`))
  process.once('disconnect', () => process.exit())
  const [rowName = '', peerName = '', origin = '', speed] = process.argv.slice(2)
  try {
    const row = findRow(rowName)
    if (row.kind !== 'process') throw new TypeError(`${rowName} is measured from outside.`)
    const server = new ServerControl(origin)
    await server.behave({})
    const measure = await row.prepare(await findPeer(peerName).load(), {
      server,
      settings: {
        tokenEndpoint: server.tokenEndpoint,
        apiUrl: server.apiUrl,
        clientId: 'benchmark',
        clientSecret: 'a secret of 32 characters, no less',
        fetch: undefined,
      },
      isQuick: speed === 'quick',
    })
    process.on('message', () => {
      measure?.().then((sample) => tell({ is: 'sample', sample }), fail)
    })
    tell({ is: 'ready', takesPart: measure !== undefined })
  } catch (failure) {
    fail(failure)
  }
}
