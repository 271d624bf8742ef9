/** Simulates days of a fleet and reports each. */
import { type Fleet, simulateFleet } from './fleet.ts'
import { highestByChance } from './random.ts'

/** Lengths of the bins in which requests are counted, in seconds. */
const bins = [60, 300, 900] as const

/** Parts of the day; at the start every process unavoidably requests a token. */
type DayPart = 'start' | 'firstHours' | 'quiet' | 'outage' | 'after'

export interface DayReport {
  readonly title: string
  readonly isShared: boolean
  readonly hasJitter: boolean
  readonly startsOver: number
  /** Mean requests/s over the day. */
  readonly mean: number
  readonly requests: number
  readonly grants: number
  readonly failedCalls: number
  /** For each bin length: the maximum in each part of the day, as a multiple of the mean. */
  readonly highest: Readonly<Record<string, Readonly<Record<DayPart, number>>>>
  /** For each bin length: the maximum that the same number of random requests would reach after the outage. */
  readonly byChance: Readonly<Record<string, number>>
  /** Requests/s in each five minutes of the day. */
  readonly series: readonly number[]
}

/** For each bin length: the maximum after the outage, as a multiple of the mean. */
export interface RepeatedDays {
  /** Of each day, sorted. */
  readonly single: Readonly<Record<string, readonly number[]>>
  /** Of the sum of all days, in which random variation averages out. */
  readonly together: Readonly<Record<string, number>>
}

export interface FleetReport {
  readonly fleet: Omit<Fleet, 'isShared' | 'hasJitter' | 'startsOver' | 'seed'>
  readonly days: readonly DayReport[]
  /** Days with a store and jitter that differ only in their seed. */
  readonly repeated: RepeatedDays
}

export const fleet: FleetReport['fleet'] = {
  processes: 10_000,
  tenants: 1000,
  tenantsPerProcess: 100,
  lifetime: 3600,
  callGap: 10,
  outage: { from: 12 * 3600, to: 12 * 3600 + 600 },
  until: 24 * 3600,
}

const chosen: readonly Pick<Fleet, 'isShared' | 'hasJitter' | 'startsOver'>[] = [
  { isShared: true, hasJitter: true, startsOver: 0 },
  { isShared: true, hasJitter: false, startsOver: 0 },
  { isShared: false, hasJitter: true, startsOver: 0 },
  { isShared: false, hasJitter: false, startsOver: 0 },
  { isShared: true, hasJitter: true, startsOver: 1800 },
  { isShared: false, hasJitter: true, startsOver: 1800 },
]

const repetitions = 20

/** @param onDay called after each day */
export function simulateDays(onDay: (report: DayReport) => void): FleetReport {
  const days = chosen.map((choice) => {
    const report = reportDay({ ...fleet, ...choice, seed: 1 })
    onDay(report)
    return report
  })
  // With a store the number of requests hardly depends on the fleet's size, so a tenth of it suffices.
  const smaller = {
    ...fleet,
    tenantsPerProcess: fleet.tenantsPerProcess / 10,
    isShared: true,
    hasJitter: true,
    startsOver: 0,
  }
  return { fleet, days, repeated: repeatDay({ ...smaller, seed: 1 }, repetitions) }
}

/** Simulates the same day with several seeds. */
export function repeatDay(settings: Fleet, times: number): RepeatedDays {
  const requests = new Uint32Array(settings.until)
  const span = partsOf(settings).after
  const single = Array.from({ length: times }, (_, index) => {
    const day = simulateFleet({ ...settings, seed: settings.seed + index })
    day.requests.forEach((count, second) => {
      requests[second] = (requests[second] as number) + count
    })
    return day.requests
  })
  const highestOf = (counts: Uint32Array, bin: number): number =>
    figure(highestBin(counts, bin, span) / (sum(counts, 0, settings.until) / settings.until))
  return {
    single: Object.fromEntries(
      bins.map((bin) => [bin, single.map((counts) => highestOf(counts, bin)).sort((a, b) => a - b)]),
    ),
    together: Object.fromEntries(bins.map((bin) => [bin, highestOf(requests, bin)])),
  }
}

export function reportDay(settings: Fleet): DayReport {
  const { isShared, hasJitter, startsOver } = settings
  const day = simulateFleet(settings)
  const total = sum(day.requests, 0, settings.until)
  const mean = total / settings.until
  const parts = partsOf(settings)
  const highest = bins.map((bin) => [
    bin,
    Object.fromEntries(
      Object.entries(parts).map(([part, span]) => [part, figure(highestBin(day.requests, bin, span) / mean)]),
    ),
  ])
  const [from, to] = parts.after
  const byChance = bins.map((bin) => [
    bin,
    figure(highestByChance(mean * bin, Math.floor((to - from) / bin)) / (mean * bin)),
  ])
  return {
    title: titleOf(settings),
    isShared,
    hasJitter,
    startsOver,
    mean: figure(mean),
    requests: total,
    grants: day.grants,
    failedCalls: day.failedCalls,
    highest: Object.fromEntries(highest),
    byChance: Object.fromEntries(byChance),
    series: Array.from({ length: Math.floor(settings.until / 300) }, (_, index) =>
      figure(sum(day.requests, index * 300, index * 300 + 300) / 300),
    ),
  }
}

function titleOf({ isShared, hasJitter, startsOver }: Fleet): string {
  const start = startsOver === 0 ? '' : `, started over ${startsOver / 60} minutes`
  return `${isShared ? 'shared store' : 'each process alone'}, ${hasJitter ? 'with' : 'without'} jitter${start}`
}

/** The parts of a day, in seconds; after a simultaneous start, the first tokens all have the same age. */
function partsOf({ startsOver, outage, until }: Fleet): Readonly<Record<DayPart, readonly [number, number]>> {
  const started = startsOver + 900
  const settled = outage.from / 2
  return {
    start: [0, started],
    firstHours: [started, settled],
    quiet: [settled, outage.from],
    outage: [outage.from, outage.to],
    after: [outage.to, until],
  }
}

function highestBin(requests: Uint32Array, bin: number, [from, to]: readonly [number, number]): number {
  let highest = 0
  for (let at = from; at < to; at += bin) {
    // A bin longer than the part is shortened to it.
    const end = Math.min(at + bin, to)
    if (end - at < bin && at > from) break
    highest = Math.max(highest, sum(requests, at, end) / (end - at))
  }
  return highest
}

function sum(requests: Uint32Array, from: number, to: number): number {
  let total = 0
  for (let second = from; second < to; second += 1) total += requests[second] ?? 0
  return total
}

/** Rounds to four significant figures. */
function figure(value: number): number {
  return Number(value.toPrecision(4))
}
