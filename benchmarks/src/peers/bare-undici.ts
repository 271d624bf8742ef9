import { Agent, type Dispatcher, request } from 'undici'
import { grantByHand, type Peer } from '../peer.ts'

/** undici's own `request`, and a header that never changes. */
export const bareUndici: Peer = {
  caches: false,
  async open(settings) {
    const dispatcher = new Agent()
    const headers = { authorization: `Bearer ${(await grantByHand(settings)).access_token}` }
    return {
      send: (url) => request(url, { dispatcher, headers }),
      finish: finishUndici,
      close: () => dispatcher.close(),
    }
  },
}

/** Reads an answer of undici's to its end. */
export async function finishUndici(answer: unknown): Promise<number> {
  const { statusCode, body } = answer as Dispatcher.ResponseData
  await body.arrayBuffer()
  return statusCode
}
