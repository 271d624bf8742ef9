/** Milliseconds of processor time that work takes, without the time in which other programs had the processor. */
export function cpuTimeOf(work: () => void): number {
  bookTime()
  const startedAt = performance.now()
  const before = process.threadCpuUsage()
  work()
  const elapsed = performance.now() - startedAt
  bookTime()
  const { user, system } = process.threadCpuUsage(before)
  return Math.min(elapsed, (user + system) / 1000 + tickMs)
}

/**
 * Linux adds a running thread's time to its account every few milliseconds, and when the thread sleeps. A shorter wait can be over
 * before it does.
 */
function bookTime(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
}

/** Windows counts in ticks of at most so many milliseconds. */
const tickMs = process.platform === 'win32' ? 16 : 0
