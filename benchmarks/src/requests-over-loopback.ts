/** Measures authorised requests to the benchmark's server, with responses read completely. */
import type { Peer, Settings } from './peer.ts'
import type { Sample } from './row.ts'

/** Requests of one measurement; with fewer, each garbage collection would show. One at a time takes twice as long. */
const requestsOfRun = { one: 1500, many: 2500 }

/** Runs before the first measurement. V8 compiles for 15,000 to 20,000 requests, which cost up to three times as much. */
const warmRuns = 12

/**
 * @returns a function that measures again, in microseconds a request; `undefined` if the peer makes no requests
 */
export async function measureRequests(
  peer: Peer,
  settings: Settings,
  concurrency: number,
  isQuick: boolean,
): Promise<(() => Promise<Sample>) | undefined> {
  const { send, finish } = await peer.open(settings)
  if (send === undefined || finish === undefined) return undefined
  const url = `${settings.apiUrl}/x`
  const requests = isQuick ? 2 * concurrency : concurrency === 1 ? requestsOfRun.one : requestsOfRun.many
  const run = async (): Promise<void> => {
    let left = requests
    const caller = async (): Promise<void> => {
      for (; left > 0; ) {
        left -= 1
        const status = await finish(await send(url))
        if (status !== 200) throw new Error(`The API answered ${status}.`)
      }
    }
    await Promise.all(Array.from({ length: concurrency }, caller))
  }
  for (let warm = 0; warm < (isQuick ? 1 : warmRuns); warm += 1) await run()
  return async () => {
    const [startedAt, cpu] = [performance.now(), process.cpuUsage()]
    await run()
    const { user, system } = process.cpuUsage(cpu)
    return { time: ((performance.now() - startedAt) * 1000) / requests, cpu: (user + system) / requests }
  }
}
