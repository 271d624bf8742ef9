import { describe, expect, it } from 'vitest'
import {
  drawJitter,
  type Freshness,
  judgeFreshness,
  planLife,
  planRetry,
  planSameToken,
  type TokenLife,
} from '../../src/cache/freshness.ts'

const seconds = (count: number): number => count * 1000
const day = 24 * 3600
const lives = [2, 5, 60, 300, 600, 1200, 3600, 5400, 6000, day, 40 * day]
const chances = [0, 0.25, 0.5, 0.999]
const hour = { requestedAt: 0, lifetimeMs: seconds(3600), refreshInMs: undefined }
/** With tokens that come background, and with those that callers waited for. */
const drawn = chances.flatMap((random) =>
  [true, false].map((background) => ({ random, background, jitter: drawJitter(random, background) })),
)

describe('planLife', () => {
  it.each(lives)('L2: a token of %d s is used for half its life, and due before its end', (lifetime) => {
    for (const { random, jitter } of drawn) {
      const life = planLife(
        { requestedAt: 5000, lifetimeMs: seconds(lifetime), refreshInMs: undefined, jitter },
        random,
      )
      expect(life.requestedAt).toBe(5000)
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
    [3600, 1800],
    [6 * 3600, 3 * 3600],
    [12 * 3600, 6 * 3600],
    [12 * 3600 + 1, 6 * 3600],
    [40 * day, 6 * 3600],
  ])('L2: of %d s the last %d are the window', (lifetime, window) => {
    const { refreshAt } = planLife({ requestedAt: 0, lifetimeMs: seconds(lifetime), refreshInMs: undefined }, 0)
    expect(refreshAt).toBe(seconds(lifetime - window))
  })

  it('L2: processes that share a token agree on its jitter, and spread over a thirtieth of the window', () => {
    const due = (jitter: number, random: number): number => planLife({ ...hour, jitter }, random).refreshAt
    expect(due(0, 0)).toBe(seconds(1800))
    expect(due(0.25, 0)).toBe(seconds(1800 + 405))
    expect(due(0.25, 0.5)).toBe(seconds(1800 + 405 + 27))
    expect(due(0.25, 1)).toBe(seconds(1800 + 405 + 54))
  })

  it('L2: a token without a jitter is spread as widely as one that callers waited for', () => {
    const due = (random: number): number => planLife(hour, random).refreshAt
    expect(due(0)).toBe(seconds(1800))
    expect(due(0.5)).toBe(seconds(1800 + 810))
    expect(due(1)).toBe(seconds(1800 + 1620))
  })

  it('the mandatory window is a minute, or a twentieth of a short lifetime; the travel time two seconds, or a fiftieth', () => {
    const long = planLife(hour, 0)
    expect([long.mandatoryAt, long.endsAt]).toEqual([seconds(3540), seconds(3598)])
    const short = planLife({ requestedAt: 0, lifetimeMs: seconds(20), refreshInMs: undefined }, 0)
    expect([short.mandatoryAt, short.endsAt]).toEqual([seconds(19), seconds(19.6)])
  })

  it("L2: the server's hint comes before the window, with little jitter, and never after the mandatory window begins", () => {
    const hinted = (refreshIn: number, jitter = 0): number =>
      planLife({ ...hour, refreshInMs: seconds(refreshIn), jitter }, 0).refreshAt
    expect(hinted(600)).toBe(seconds(600))
    expect(hinted(600, 0.8)).toBe(seconds(600 + (3540 - 600) / 10))
    expect(planLife({ ...hour, refreshInMs: seconds(600), jitter: 1 - 1 / 30 }, 1).refreshAt).toBeLessThanOrEqual(
      seconds(600 + (3540 - 600) / 8),
    )
    expect(hinted(3590)).toBe(seconds(3540))
    expect(hinted(3600)).toBe(seconds(1800))
    expect(hinted(9000)).toBe(seconds(1800))
  })

  it('R3: an unknown lifetime is a minute', () => {
    const life = planLife({ requestedAt: 0, lifetimeMs: undefined, refreshInMs: undefined }, 0)
    expect(life).toEqual({ requestedAt: 0, refreshAt: seconds(30), mandatoryAt: seconds(57), endsAt: seconds(60) })
    expect(planLife({ requestedAt: 0, lifetimeMs: undefined, refreshInMs: undefined }, 1).refreshAt).toBe(seconds(51))
  })
})

describe('drawJitter', () => {
  it('L6: a token fetched in the background is due early enough to outlast an outage of a sixth of its lifetime', () => {
    for (const lifetime of [60, 300, 3600, 12 * 3600]) {
      const span = {
        requestedAt: 0,
        lifetimeMs: seconds(lifetime),
        refreshInMs: undefined,
        jitter: drawJitter(1, true),
      }
      const { refreshAt, mandatoryAt, endsAt } = planLife(span, 1)
      expect(endsAt - refreshAt).toBeGreaterThan(seconds(lifetime) / 6)
      // An hour: ten minutes, and then the last stretch.
      if (lifetime === 3600) expect(mandatoryAt - refreshAt).toBeGreaterThan(seconds(600))
    }
  })

  it('L2: a fleet that starts at once is spread evenly, and wider than in its next refresh', () => {
    expect(chances.map((random) => drawJitter(random, false) / (1 - 1 / 30))).toEqual(
      chances.map((random) => expect.closeTo(random, 10)),
    )
    expect(drawJitter(0, true)).toBe(0)
    expect(drawJitter(0.25, true)).toBeCloseTo((2 / 3 - 1 / 30) / 8, 10)
    expect(drawJitter(1, true)).toBeCloseTo(2 / 3 - 1 / 30, 10)
  })
})

describe('judgeFreshness', () => {
  const life: TokenLife = { requestedAt: 0, refreshAt: 100, mandatoryAt: 200, endsAt: 300 }
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
  const life = planLife(hour, 0)
  const wait = (left: number, random: number): number => {
    const at = life.mandatoryAt - seconds(left)
    return (planRetry(life, at, random) - at) / 1000
  }

  it('L6: retries at random in the time left; a token with much time left yields to those with little', () => {
    const whole = 1740
    expect([wait(whole, 0), wait(whole, 1)]).toEqual([expect.closeTo(whole * 0.8, -1), whole])
    expect(wait(whole, 0.5)).toBeCloseTo(whole * 0.9, -1)
    const most = 0.8 * 0.75 ** 2
    expect(wait(whole * 0.75, 0)).toBeCloseTo(whole * 0.75 * most, -1)
    expect([wait(whole / 2, 0), wait(whole / 2, 1)]).toEqual([whole / 8, whole / 2])
    expect([wait(200, 0), wait(200, 0.5), wait(200, 1)]).toEqual([50, 125, 200])
  })

  it('L6: does not depend on when the steady clock started', () => {
    const later = planLife({ ...hour, requestedAt: seconds(3600) }, 0)
    for (const at of [seconds(1900), seconds(2500), seconds(3590)]) {
      expect(planRetry(later, seconds(3600) + at, 0.5)).toBeCloseTo(seconds(3600) + planRetry(life, at, 0.5))
    }
  })

  it('L6: no backoff goes past the beginning of the mandatory window, and four attempts are made within it', () => {
    const stretch = (life.endsAt - life.mandatoryAt) / 1000
    for (const left of [1740, 900, 100, 20]) expect(wait(left, 0.999)).toBeLessThanOrEqual(left)
    expect(wait(1, 0.5)).toBe(stretch / 4)
    expect(wait(0, 0.5)).toBe(stretch / 4)
    expect(wait(-10, 0.5)).toBe(stretch / 4)
  })

  it.each(lives)('L6: of a token of %d s no attempt follows another at once', (lifetime) => {
    for (const { random, jitter } of drawn) {
      const short = planLife({ requestedAt: 0, lifetimeMs: seconds(lifetime), refreshInMs: undefined, jitter }, random)
      for (const at of [short.refreshAt, (short.refreshAt + short.endsAt) / 2, short.mandatoryAt, short.endsAt - 1]) {
        expect(planRetry(short, at, random) - at).toBeGreaterThanOrEqual(100)
      }
    }
  })

  it.each(lives)(
    'L6: a token of %d s does not end without having been tried often, nor is it asked for without end',
    (lifetime) => {
      for (const { random, jitter } of drawn) {
        const short = planLife(
          { requestedAt: 0, lifetimeMs: seconds(lifetime), refreshInMs: undefined, jitter },
          random,
        )
        let attempts = 0
        for (let at = short.refreshAt; at < short.endsAt; at = planRetry(short, at, random)) attempts += 1
        expect(attempts).toBeGreaterThanOrEqual(lifetime < 60 ? 2 : 5)
        expect(attempts).toBeLessThanOrEqual(lifetime > 5400 ? 35 : 20)
      }
    },
  )

  it('L6: a hint far before the window does not make the delay longer than the time left', () => {
    const hinted = planLife({ ...hour, refreshInMs: seconds(60) }, 0)
    expect(planRetry(hinted, hinted.refreshAt, 0) - hinted.refreshAt).toBeCloseTo(seconds(3480) * 0.8, -1)
  })
})

describe('planSameToken', () => {
  const life = planLife(hour, 0)

  it('L9: requests again after a 32nd of the time left, a 16th, and an eighth from then on, spread at random', () => {
    const wait = (times: number, random = 0.5): number => planSameToken(life, 0, times, random)
    expect([1, 2, 3, 4, 9].map((times) => wait(times) / life.endsAt)).toEqual([1 / 32, 1 / 16, 1 / 8, 1 / 8, 1 / 8])
    expect([wait(3, 0), wait(3, 1)]).toEqual([(life.endsAt / 8) * 0.75, (life.endsAt / 8) * 1.25])
  })

  it('L9: requests again no sooner than a second later', () => {
    expect(planSameToken(life, life.endsAt - 100, 1, 0)).toBe(life.endsAt + 900)
  })
})
