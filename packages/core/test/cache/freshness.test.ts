import { describe, expect, it } from 'vitest'
import { usableUntil } from '../../src/cache/freshness.ts'

describe('freshness', () => {
  it.each([2, 60, 3600, 3_000_000])(
    'L2: a token of %d s is given up before its end, after half its life at least',
    (lifetime) => {
      const until = usableUntil(10_000 + lifetime * 1000, 10_000)
      expect(until).toBeLessThan(10_000 + lifetime * 1000)
      expect(until).toBeGreaterThanOrEqual(10_000 + lifetime * 500)
    },
  )

  it('L2: the margin stays small where the life is long', () => {
    expect(usableUntil(86_400_000, 0)).toBe(86_400_000 - 30_000)
  })

  it('R3: an unknown lifetime is a minute', () => {
    expect(usableUntil(undefined, 5)).toBe(60_005)
  })
})
