/** The memory of a process that is soaked, and whether it leaks. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** One sample, in MB. */
export interface MemorySample {
  /** What the program holds: its heap and its buffers after a full collection. */
  readonly held: number
  /** What Linux counts. */
  readonly resident: number
}

/** 2 MB are 20 bytes for each of the 100,000 requests in a third of ten minutes. */
const maxHeldGrowth = 2
const maxResidentRatio = 1.1

/** A shorter run is not judged, because its first third ends before all code was used. */
export const minSamples = 30

/** Reads the memory of a process that preloaded `report-memory.ts`. */
export async function sampleMemory(child: ChildProcess): Promise<MemorySample> {
  child.send('memory')
  const [sample] = (await once(child, 'message', { signal: AbortSignal.timeout(60_000) })) as [MemorySample]
  return sample
}

/**
 * Judges the last third of the samples by the third before it. A leak raises what the program holds in its quietest moment, or
 * the resident memory by more than the pages that V8 reserved before and now uses.
 */
export function judgeMemory(samples: readonly MemorySample[]): {
  readonly lines: readonly string[]
  readonly leaks: boolean
} {
  const third = Math.floor(samples.length / 3)
  const [before, after] = [samples.slice(third, 2 * third), samples.slice(2 * third)]
  const least = (some: readonly MemorySample[]): number => Math.min(...some.map(({ held }) => held))
  const most = (some: readonly MemorySample[]): number => Math.max(...some.map(({ resident }) => resident))
  const growth = least(after) - least(before)
  const ratio = most(after) / most(before)
  const show = (value: (sample: MemorySample) => number): string =>
    samples.map((sample) => value(sample).toFixed(0)).join(' ')
  return {
    lines: [
      `held after a collection, MB: ${show(({ held }) => held)}`,
      `least of the last third: ${growth.toFixed(1)} MB more than of the third before (at most ${maxHeldGrowth})`,
      `resident, MB: ${show(({ resident }) => resident)}`,
      `most of the last third: ${ratio.toFixed(2)} of the third before (at most ${maxResidentRatio})`,
    ],
    leaks: samples.length >= minSamples && (growth > maxHeldGrowth || ratio > maxResidentRatio),
  }
}
