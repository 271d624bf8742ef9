import { expect, it } from 'vitest'
import { stalledFor, watchStalls } from '../src/stalls.ts'

it('a blocked event loop is detected, with its duration', async () => {
  const { stalls, stop } = watchStalls()
  await new Promise((resolve) => setTimeout(resolve, 20))
  const from = Date.now()
  while (Date.now() < from + 60) {
    // Stands still.
  }
  const to = Date.now()
  await new Promise((resolve) => setTimeout(resolve, 20))
  stop()
  expect(stalledFor(stalls, { from: from + 10, to: from + 30 })).toBe(20)
  expect(stalledFor(stalls, { from: to + 10_000, to: to + 10_001 })).toBe(0)
})

it('stalls count within a period, and once', () => {
  const stalls = [
    { from: 150, to: 250 },
    { from: 100, to: 200 },
    { from: 400, to: 500 },
  ]
  expect(stalledFor(stalls, { from: 0, to: 1000 })).toBe(250)
  expect(stalledFor(stalls, { from: 120, to: 220 })).toBe(100)
  expect(stalledFor(stalls, { from: 450, to: 460 })).toBe(10)
  expect(stalledFor(stalls, { from: 250, to: 400 })).toBe(0)
})
