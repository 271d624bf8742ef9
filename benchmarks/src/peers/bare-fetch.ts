import { finishResponse, grantByHand, type Peer } from '../peer.ts'

/** The global fetch with a constant header. */
export const bareFetch: Peer = {
  caches: false,
  async open(settings) {
    const { fetch = (input, init) => globalThis.fetch(input, init) } = settings
    const headers = { authorization: `Bearer ${(await grantByHand(settings)).access_token}` }
    return {
      grant: () => grantByHand(settings),
      send: (url) => fetch(url, { headers }),
      finish: finishResponse,
    }
  },
}
