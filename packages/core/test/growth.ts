import { cpuTimeOf } from './cpu-time.ts'

/**
 * How much longer work takes for twice the text: linear work gives 2, quadratic 4. It is the best of several measurements of one
 * size and of eight times that, so that a collection of garbage does not count.
 */
export function measureGrowth(work: (size: number) => void, size: number): number {
  const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let round = 0; round < 12; round += 1) {
    for (const [index, factor] of [1, 8].entries()) {
      const time = cpuTimeOf(() => work(size * factor))
      best[index] = Math.min(best[index] ?? 0, time)
    }
  }
  const [once = 0, eightTimes = 0] = best
  // What takes less than a tenth of a millisecond is noise, and grows with nothing.
  return Math.cbrt(eightTimes / Math.max(once, 0.1))
}
