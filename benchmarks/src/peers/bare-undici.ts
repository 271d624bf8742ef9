import { Agent, type Dispatcher, request } from 'undici'
import { grantByHand, type Peer } from '../peer.ts'

/** undici's `request` with a constant header. */
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

/** Reads a response of undici completely. */
export async function finishUndici(answer: unknown): Promise<number> {
  const { statusCode, body } = answer as Dispatcher.ResponseData
  await body.arrayBuffer()
  return statusCode
}
