import { cpuTimeOf } from './cpu-time.ts'

/** Linear work takes twice the time for twice the text, quadratic work four times. */
export const mostGrowth = 3

/**
 * How much longer work takes for twice the text, from the best measurements of one size and of eight times that.
 * It measures again while the result is above `mostGrowth`: other programs and collections of garbage only ever add time.
 */
export function measureGrowth(work: (size: number) => void, size: number): number {
  let [once, eightTimes, growth] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let round = 0; round < 60 && (round < 5 || growth > mostGrowth); round += 1) {
    once = Math.min(
      once,
      cpuTimeOf(() => work(size)),
    )
    eightTimes = Math.min(
      eightTimes,
      cpuTimeOf(() => work(8 * size)),
    )
    // What takes less than a tenth of a millisecond is noise, and grows with nothing.
    growth = Math.cbrt(eightTimes / Math.max(once, 0.1))
  }
  return growth
}
