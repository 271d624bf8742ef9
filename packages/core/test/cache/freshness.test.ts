import { describe, expect, it } from 'vitest'
import { type Freshness, judgeFreshness, planLife, planRetry, type TokenLife } from '../../src/cache/freshness.ts'

const seconds = (count: number): number => count * 1000
const day = 24 * 3600
const lives = [2, 60, 600, 1200, 3600, 5400, 6000, day, 40 * day]
const chances = [0, 0.25, 0.5, 0.999]

describe('planLife', () => {
  it.each(lives)('L2: a token of %d s is used for half its life, and due before its end', (lifetime) => {
    for (const chance of chances) {
      const life = planLife({ requestedAt: 5000, lifetime: seconds(lifetime), refreshIn: undefined }, chance)
      expect(life.refreshAt).toBeGreaterThanOrEqual(5000 + seconds(lifetime) / 2)
      expect(life.refreshAt).toBeLessThan(life.mandatoryAt)
      expect(life.mandatoryAt).toBeLessThan(life.endsAt)
      expect(life.endsAt).toBeLessThan(5000 + seconds(lifetime))
      expect(life.endsAt).toBeGreaterThanOrEqual(5000 + seconds(lifetime) * 0.98)
    }
  })

  it.each([
    [2, 1],
    [60, 30],
    [600, 300],
    [1200, 300],
    [1201, 600.5],
    [3600, 900],
    [5400, 900],
    [5401, 2700.5],
    [40 * day, 3600],
  ])('L2: of %d s the last %d are the window', (lifetime, window) => {
    const { refreshAt } = planLife({ requestedAt: 0, lifetime: seconds(lifetime), refreshIn: undefined }, 0)
    expect(refreshAt).toBe(seconds(lifetime - window))
  })

  it('L2: chance spreads a fleet over half of the window', () => {
    const due = (chance: number): number =>
      planLife({ requestedAt: 0, lifetime: seconds(3600), refreshIn: undefined }, chance).refreshAt
    expect(due(0)).toBe(seconds(2700))
    expect(due(0.5)).toBe(seconds(2925))
    expect(due(1)).toBe(seconds(3150))
  })

  it('the last stretch is a minute, or a twentieth of a short life; the way to the API two seconds, or a fiftieth', () => {
    const long = planLife({ requestedAt: 0, lifetime: seconds(3600), refreshIn: undefined }, 0)
    expect([long.mandatoryAt, long.endsAt]).toEqual([seconds(3540), seconds(3598)])
    const short = planLife({ requestedAt: 0, lifetime: seconds(20), refreshIn: undefined }, 0)
    expect([short.mandatoryAt, short.endsAt]).toEqual([seconds(19), seconds(19.6)])
  })

  it("L2: the server's hint comes before the tiers, with little jitter, and never after the last stretch begins", () => {
    const hinted = (refreshIn: number, chance = 0): number =>
      planLife({ requestedAt: 0, lifetime: seconds(3600), refreshIn: seconds(refreshIn) }, chance).refreshAt
    expect(hinted(600)).toBe(seconds(600))
    expect(hinted(600, 1)).toBe(seconds(600 + (3540 - 600) / 8))
    expect(hinted(3590)).toBe(seconds(3540))
    expect(hinted(3600)).toBe(seconds(2700))
    expect(hinted(9000)).toBe(seconds(2700))
  })

  it('R3: an unknown lifetime is a minute', () => {
    const life = planLife({ requestedAt: 0, lifetime: undefined, refreshIn: undefined }, 0)
    expect(life).toEqual({ refreshAt: seconds(30), mandatoryAt: seconds(57), endsAt: seconds(60) })
    expect(planLife({ requestedAt: 0, lifetime: undefined, refreshIn: undefined }, 1).refreshAt).toBe(seconds(45))
  })
})

describe('judgeFreshness', () => {
  const life: TokenLife = { refreshAt: 100, mandatoryAt: 200, endsAt: 300 }
  const never = 0
  const table: readonly (readonly [number, number, Freshness])[] = [
    [0, never, 'fresh'],
    [99, never, 'fresh'],
    [99, 150, 'fresh'],
    [100, never, 'advisory'],
    [199, never, 'advisory'],
    [100, 100, 'advisory'],
    [100, 101, 'backing off'],
    [150, 151, 'backing off'],
    [200, never, 'mandatory'],
    [299, never, 'mandatory'],
    [250, 251, 'backing off'],
    [250, 250, 'mandatory'],
    [300, never, 'expired'],
    [300, 1000, 'expired'],
    [1000, never, 'expired'],
  ]
  it.each(table)('at %d, with a retry at %d, a token is %s', (time, retryAt, freshness) => {
    expect(judgeFreshness(life, time, retryAt)).toBe(freshness)
  })
})

describe('planRetry', () => {
  const life = planLife({ requestedAt: 0, lifetime: seconds(3600), refreshIn: undefined }, 0)
  const window = life.mandatoryAt - life.refreshAt

  it('L6: backs off by an eighth of the window, then a quarter, spread by chance', () => {
    const wait = (failures: number, chance: number): number =>
      planRetry(life, life.refreshAt, failures, chance) - life.refreshAt
    expect(wait(1, 0.5)).toBe(window / 8)
    expect(wait(2, 0.5)).toBe(window / 4)
    expect(wait(9, 0.5)).toBe(window / 4)
    expect(wait(1, 0)).toBe((window / 8) * 0.75)
    expect(wait(1, 1)).toBe((window / 8) * 1.25)
  })

  it('L6: a backoff ends where the last stretch begins, and in it four attempts are made', () => {
    const stretch = life.endsAt - life.mandatoryAt
    expect(planRetry(life, life.mandatoryAt - seconds(20), 5, 0.5)).toBe(life.mandatoryAt)
    expect(planRetry(life, life.mandatoryAt, 5, 0.5)).toBe(life.mandatoryAt + stretch / 4)
    expect(planRetry(life, life.mandatoryAt - 1, 5, 0.5)).toBe(life.mandatoryAt - 1 + stretch / 4)
  })

  it.each(lives)('L6: of a token of %d s no attempt follows another at once', (lifetime) => {
    for (const chance of chances) {
      const short = planLife({ requestedAt: 0, lifetime: seconds(lifetime), refreshIn: undefined }, chance)
      for (const at of [short.refreshAt, (short.refreshAt + short.endsAt) / 2, short.mandatoryAt, short.endsAt - 1]) {
        expect(planRetry(short, at, 1, chance) - at).toBeGreaterThanOrEqual(100)
      }
    }
  })
})
