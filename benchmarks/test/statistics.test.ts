import { describe, expect, it } from 'vitest'
import { ratios, spread } from '../src/statistics.ts'

describe('a spread', () => {
  it('is the median and the quartiles', () => {
    expect(spread([5, 1, 3, 2, 4])).toEqual({ median: 3, lower: 2, upper: 4 })
  })

  it('interpolates between two values', () => {
    expect(spread([1, 2, 3, 10])).toEqual({ median: 2.5, lower: 1.75, upper: 4.75 })
  })

  it('of one value is that value', () => {
    expect(spread([7])).toEqual({ median: 7, lower: 7, upper: 7 })
  })

  it('has four significant figures', () => {
    expect(spread([123_456.789]).median).toBe(123_500)
    expect(spread([1 / 3]).median).toBe(0.3333)
  })

  it('does not change the values, and ignores outliers', () => {
    const values = [3, 1, 2, 1000, 2]
    expect(spread(values).median).toBe(2)
    expect(values).toEqual([3, 1, 2, 1000, 2])
  })

  it('requires a value', () => {
    expect(() => spread([])).toThrow(RangeError)
  })
})

describe('ratios', () => {
  it('are computed for each round, so that a slow round cancels out', () => {
    expect(ratios([20, 200, 30], [10, 100, 10])).toEqual([2, 2, 3])
    expect(spread(ratios([20, 200], [10, 100]))).toEqual({ median: 2, lower: 2, upper: 2 })
  })

  it('require a baseline for every round', () => {
    expect(() => ratios([1, 2], [1])).toThrow(RangeError)
  })
})
