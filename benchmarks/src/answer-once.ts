import type { Peer } from './peer.ts'

/** Makes one authorised request as a new client. */
export async function answerOnce(peer: Peer, origin: string): Promise<void> {
  const { send, finish } = await peer.open({
    tokenEndpoint: `${origin}/token`,
    apiUrl: `${origin}/api`,
    clientId: 'benchmark',
    clientSecret: 'a secret of 32 characters, no less',
    fetch: undefined,
  })
  const status = await finish?.(await send?.(`${origin}/api/x`))
  if (status !== 200) throw new Error(`The API responded with ${status}.`)
}
