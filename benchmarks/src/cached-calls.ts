/** Measures calls of one client whose token is cached. */
import type { Peer, Settings } from './peer.ts'
import type { Sample } from './row.ts'
import { stopwatch } from './stopwatch.ts'

/** @returns a function that measures again, in nanoseconds a call; `undefined` if the peer does not cache */
export async function measureCachedCalls(
  peer: Peer,
  settings: Settings,
  isQuick: boolean,
): Promise<(() => Promise<Sample>) | undefined> {
  if (!peer.caches) return undefined
  const { token } = await peer.open(settings)
  if (token === undefined) return undefined
  await token()
  const time = await stopwatch(async (calls) => {
    for (let call = 0; call < calls; call += 1) await token()
  }, isQuick)
  return async () => ({ time: await time() })
}
