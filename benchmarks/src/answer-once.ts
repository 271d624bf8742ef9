import type { Peer } from './peer.ts'
import { settingsAt } from './settings.ts'

/** Makes one authorised request as a new client. */
export async function answerOnce(peer: Peer, origin: string): Promise<void> {
  const { send, finish } = await peer.open(settingsAt(origin))
  const status = await finish?.(await send?.(`${origin}/api/x`))
  if (status !== 200) throw new Error(`The API responded with ${status}.`)
}
