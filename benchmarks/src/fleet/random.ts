/** Numbers from 0 up to, but not including, 1, the same for the same seed (xorshift, 32 bits). */
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
 * The highest of so many bins that requests at perfectly random instants reach: in half of all cases it is no more.
 *
 * @param mean of a bin
 */
export function highestByChance(mean: number, bins: number): number {
  const enough = 0.5 ** (1 / bins)
  let term = Math.exp(-mean)
  // Where a bin holds hundreds, nothing of the first term is left; there, the normal distribution does.
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
