/** The days that are simulated, and what is told of each. */
import { type Fleet, simulateFleet } from './fleet.ts'
import { highestByChance } from './random.ts'

/** Seconds of a bin in which requests are counted. */
const bins = [60, 300, 900] as const

/** Parts of the day. The start is what nobody can help: everybody needs a token. */
type DayPart = 'start' | 'firstHours' | 'quiet' | 'outage' | 'after'

export interface DayReport {
  readonly title: string
  readonly isShared: boolean
  readonly hasJitter: boolean
  readonly startsOver: number
  /** Requests per second, over the whole day. */
  readonly mean: number
  readonly requests: number
  readonly grants: number
  readonly failedCalls: number
  /** For each bin: the highest of each part of the day, in multiples of the mean. */
  readonly highest: Readonly<Record<string, Readonly<Record<DayPart, number>>>>
  /** For each bin: what as many requests at perfectly random instants would reach in the part after the outage. */
  readonly byChance: Readonly<Record<string, number>>
  /** Requests per second in each five minutes of the day. */
  readonly series: readonly number[]
}

/** For each bin, in multiples of the mean: the highest after the outage. */
export interface RepeatedDays {
  /** In each day, sorted. */
  readonly single: Readonly<Record<string, readonly number[]>>
  /** In all days put on top of each other: what is left when chance has evened out. */
  readonly together: Readonly<Record<string, number>>
}

export interface FleetReport {
  readonly fleet: Omit<Fleet, 'isShared' | 'hasJitter' | 'startsOver' | 'seed'>
  readonly days: readonly DayReport[]
  /** Days with a store and jitter that differ in chance alone. */
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

/** @param onDay told what is done */
export function simulateDays(onDay: (report: DayReport) => void): FleetReport {
  const days = chosen.map((choice) => {
    const report = reportDay({ ...fleet, ...choice, seed: 1 })
    onDay(report)
    return report
  })
  // What the server sees of a fleet with a store hardly depends on its size: a tenth of the work will do here.
  const smaller = {
    ...fleet,
    tenantsPerProcess: fleet.tenantsPerProcess / 10,
    isShared: true,
    hasJitter: true,
    startsOver: 0,
  }
  return { fleet, days, repeated: repeatDay({ ...smaller, seed: 1 }, repetitions) }
}

/** The same day over and over, with other seeds. */
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

/** The parts of a day, in seconds. After a start of everybody the first tokens are all of one age, and the next ones still of few. */
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
    // A bin that the part is too short for is as long as the part.
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

/** Four figures. */
function figure(value: number): number {
  return Number(value.toPrecision(4))
}
