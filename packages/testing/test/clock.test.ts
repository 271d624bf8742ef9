import { expect, it } from 'vitest'
import { createClock } from '../src/index.ts'

it('advances only by advance()', () => {
  const { now, advance } = createClock(new Date('2026-01-01T00:00:00Z'))
  expect(now()).toBe(1767225600000)
  advance(0.5)
  expect(now()).toBe(1767225600500)
  advance(-60)
  expect(now()).toBe(1767225540500)
})

it('starts at the current time', () => {
  const before = Date.now()
  expect(createClock().now()).toBeGreaterThanOrEqual(before)
})
