import { cpuTimeOf } from './cpu-time.ts'

/** Linear work takes twice the time for twice the text, quadratic work four times. */
export const mostGrowth = 3

/**
 * How much longer work takes for twice the text, from a text of one size, eight times, and a text of eight times that size.
 * It measures again while the result is above `mostGrowth`, because other programs and collections of garbage add time.
 */
export function measureGrowth(work: (size: number) => void, size: number): number {
  const shortTexts: number[] = []
  const longTexts: number[] = []
  let growth = Number.POSITIVE_INFINITY
  for (let round = 0; round < 60 && (round < 5 || growth > mostGrowth); round += 1) {
    shortTexts.push(
      cpuTimeOf(() => {
        for (let count = 0; count < 8; count += 1) work(size)
      }),
    )
    longTexts.push(cpuTimeOf(() => work(8 * size)))
    // What takes less than a tenth of a millisecond is noise, and grows with nothing.
    growth = Math.cbrt((8 * medianOf(longTexts)) / Math.max(medianOf(shortTexts), 0.8))
  }
  return growth
}

/** A median, because a busy machine can make a measurement too small as well as too large. */
function medianOf(times: readonly number[]): number {
  return [...times].sort((one, other) => one - other)[times.length >> 1] ?? 0
}
