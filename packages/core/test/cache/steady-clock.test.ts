import { afterEach, describe, expect, it, vi } from 'vitest'
import { createSteadyClock } from '../../src/cache/steady-clock.ts'

function createClocks() {
  let wall = 1_000_000
  let monotonic = 500
  let looks = 0
  const time = createSteadyClock(
    () => wall,
    () => {
      looks += 1
      return monotonic
    },
  )
  const started = time()
  return {
    /** Milliseconds since the start, as the steady clock has them. */
    passed: () => time() - started,
    looks: () => looks,
    pass(milliseconds: number) {
      wall += milliseconds
      monotonic += milliseconds
    },
    sleep(milliseconds: number) {
      wall += milliseconds
    },
    set(milliseconds: number) {
      wall += milliseconds
    },
  }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('steady clock', () => {
  it('L10: the second clock is performance.now(): with a wall clock that stands still, time passes', () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    let wall = 1_000_000
    const time = createSteadyClock(() => wall)
    vi.advanceTimersByTime(3_600_000)
    wall -= 1
    expect(time()).toBe(3_600_000)
  })

  it('L10: follows both clocks if they agree', () => {
    const { passed, pass } = createClocks()
    for (const step of [0, 1, 999, 1, 5000, 3_600_000]) pass(step)
    expect(passed()).toBe(3_606_001)
  })

  it('L10: the time that a machine sleeps counts', () => {
    const { passed, pass, sleep } = createClocks()
    pass(10)
    expect(passed()).toBe(10)
    sleep(3_600_000)
    expect(passed()).toBe(3_600_010)
  })

  it.each([10, 1500, 3_599_999, 7_200_000])('L10: a clock set back by %d ms does not take time back', (back) => {
    const { passed, pass, set } = createClocks()
    pass(3_600_000)
    expect(passed()).toBe(3_600_000)
    set(-back)
    expect(passed()).toBe(3_600_000)
    pass(400)
    expect(passed()).toBe(3_600_400)
  })

  it('L10: the time between two readings counts, even if the clock is set back meanwhile', () => {
    const { passed, pass, set } = createClocks()
    pass(3_600_000)
    set(-1_800_000)
    expect(passed()).toBe(3_600_000)
  })

  it('L10: an instant returned within a second is not taken back, either', () => {
    const { passed, pass, set } = createClocks()
    pass(900)
    expect(passed()).toBe(900)
    set(-500)
    expect(passed()).toBeGreaterThanOrEqual(900)
    pass(100)
    expect(passed()).toBeGreaterThanOrEqual(1000)
  })

  it('L10: a clock set forward makes time pass, which costs one token request', () => {
    const { passed, set } = createClocks()
    set(3_600_000)
    expect(passed()).toBe(3_600_000)
  })

  it('L1: a frequent caller pays for one reading: the second clock is read once a second', () => {
    const { passed, pass, looks } = createClocks()
    const before = looks()
    for (let call = 0; call < 1000; call += 1) {
      pass(2)
      passed()
    }
    expect(looks() - before).toBeLessThanOrEqual(2)
  })

  it('L1: a thousand calls in one millisecond read only the wall clock', () => {
    const { passed, looks } = createClocks()
    const before = looks()
    for (let call = 0; call < 1000; call += 1) passed()
    expect(looks()).toBe(before)
  })

  it('L10: the second clock is read when a second has passed, not sooner', () => {
    const { passed, pass, looks } = createClocks()
    const before = looks()
    pass(999)
    passed()
    expect(looks()).toBe(before)
    pass(1)
    passed()
    expect(looks()).toBe(before + 1)
  })
})
