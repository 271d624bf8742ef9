/** The processor's time comes in ticks of at most so many milliseconds. */
const tickMs = 10

/**
 * Milliseconds that work takes, without the time in which other programs had the processor: the clock is exact for short work,
 * and the thread's processor time for long work.
 */
export function cpuTimeOf(work: () => void): number {
  const startedAt = performance.now()
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return Math.min(performance.now() - startedAt, (user + system) / 1000 + tickMs)
}
