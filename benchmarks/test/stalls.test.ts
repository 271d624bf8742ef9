import { expect, it } from 'vitest'
import { fellInStall, watchStalls } from '../src/stalls.ts'

it('a process that stands still is noticed, and what fell into it', async () => {
  const { stalls, stop } = watchStalls()
  await new Promise((resolve) => setTimeout(resolve, 20))
  const from = Date.now()
  while (Date.now() < from + 60) {
    // Stands still.
  }
  const to = Date.now()
  await new Promise((resolve) => setTimeout(resolve, 20))
  stop()
  expect(fellInStall(stalls, { from: from + 10, to: from + 20 })).toBe(true)
  expect(fellInStall(stalls, { from: to + 10_000, to: to + 10_001 })).toBe(false)
  expect(fellInStall([{ from: 100, to: 200 }], { from: 0, to: 50 })).toBe(false)
  expect(fellInStall([{ from: 100, to: 200 }], { from: 150, to: 300 })).toBe(true)
})
