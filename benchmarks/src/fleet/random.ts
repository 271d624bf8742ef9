/** A reproducible random generator of numbers in [0, 1) (xorshift, 32 bits). */
export function createRandom(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/**
 * The median of the maximum over several bins of requests at random instants.
 *
 * @param mean mean number of requests in a bin
 */
export function highestByChance(mean: number, bins: number): number {
  const enough = 0.5 ** (1 / bins)
  let term = Math.exp(-mean)
  // For large means the first term underflows, so the normal distribution is used.
  if (term === 0) return mean + Math.sqrt(mean * 2 * Math.log(bins))
  let sum = term
  let count = 0
  while (sum < enough && count < mean * 10 + 100) {
    count += 1
    term *= mean / count
    sum += term
  }
  return count
}
