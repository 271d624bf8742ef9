import type { Transport } from '../../src/acquire/token-endpoint.ts'

/** The transport of a client without options. It reads the globals at each call, because a test may replace them. */
export const networkTransport: Transport = {
  fetch: (input, init) => globalThis.fetch(input, init),
  allowInsecureRequests: false,
  now: () => Date.now(),
  time: () => Date.now(),
}
