/**
 * How much longer work takes for twice the text: linear work gives 2, quadratic 4. It is the best of several measurements of one
 * size and of four times that, so that neither a busy machine nor a collection of garbage counts.
 */
export function measureGrowth(work: (size: number) => void, size: number): number {
  const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let round = 0; round < 12; round += 1) {
    for (const [index, factor] of [1, 4].entries()) {
      const before = performance.now()
      work(size * factor)
      best[index] = Math.min(best[index] ?? 0, performance.now() - before)
    }
  }
  const [once = 0, fourTimes = 0] = best
  // What takes less than a tenth of a millisecond is noise, and grows with nothing.
  return Math.sqrt(fourTimes / Math.max(once, 0.1))
}
