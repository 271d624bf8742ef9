import { describe, expect, it } from 'vitest'
import { judgeMemory, type MemorySample, minSamples } from '../src/soaked-memory.ts'

/** Samples of a soak, by their place from 0 to 1. */
function samplesOf(sample: (share: number) => MemorySample, length = 2 * minSamples): readonly MemorySample[] {
  return Array.from({ length }, (_, at) => sample(at / length))
}

describe('the memory of a soaked process', () => {
  it('may rise and fall with the requests in progress', () => {
    const samples = samplesOf((share) => ({ held: 50 + 8 * Math.abs(Math.sin(share * 90)), resident: 300 }))
    expect(judgeMemory(samples).leaks).toBe(false)
  })

  it('may reach its size in the first third', () => {
    const samples = samplesOf((share) => ({
      held: share < 0.3 ? 20 + 100 * share : 50,
      resident: share < 0.3 ? 200 : 360,
    }))
    expect(judgeMemory(samples).leaks).toBe(false)
  })

  it('may grow by pages that V8 reserved before', () => {
    const samples = samplesOf((share) => ({ held: 50, resident: share < 0.95 ? 300 : 311 }))
    expect(judgeMemory(samples).leaks).toBe(false)
  })

  it('leaks if the program holds more and more, although the most in use hides it', () => {
    const samples = samplesOf((share) => ({
      held: 50 + 12 * share + 20 * Math.abs(Math.sin(share * 90)),
      resident: 300,
    }))
    const { leaks, lines } = judgeMemory(samples)
    expect(leaks).toBe(true)
    expect(lines[1]).toMatch(/^least of the last third: 3\.6 MB more/)
  })

  it('leaks if resident memory goes on to grow', () => {
    const samples = samplesOf((share) => ({ held: 50, resident: 200 + 200 * share }))
    expect(judgeMemory(samples).leaks).toBe(true)
  })

  it('is not judged after a short run', () => {
    const samples = samplesOf((share) => ({ held: 50 + 100 * share, resident: 200 + 200 * share }), minSamples - 1)
    expect(judgeMemory(samples).leaks).toBe(false)
  })
})
