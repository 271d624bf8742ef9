import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type FleetReport, fleet, repeatDay, reportDay } from '../src/fleet/days.ts'
import { fleetPictures } from '../src/fleet/draw.ts'
import { EventQueue } from '../src/fleet/event-queue.ts'
import { type Fleet, simulateFleet } from '../src/fleet/fleet.ts'
import { fillFleetPage } from '../src/fleet/page.ts'
import { createRandom, highestByChance } from '../src/fleet/random.ts'

/** A smaller fleet: 20 processes for each of 1,000 tenants. */
const small: Fleet = {
  ...fleet,
  processes: 1000,
  tenantsPerProcess: 20,
  isShared: false,
  hasJitter: true,
  startsOver: 0,
  seed: 1,
}

describe('a fleet through an outage', () => {
  it('L2, L6: makes at most 1.5 times its mean of requests afterwards, and no call fails', () => {
    const day = reportDay(small)
    expect(day.highest[300]?.after).toBeLessThanOrEqual(1.5)
    expect(day.highest[300]?.outage).toBeLessThanOrEqual(1.5)
    expect(day.highest[300]?.firstHours).toBeLessThanOrEqual(1.5)
    expect(day.highest[300]?.quiet).toBeLessThanOrEqual(1.1)
    expect(day.failedCalls).toBe(0)
  })

  it('S2: also with a store, with one token request for the fleet instead of one per process', () => {
    const days = repeatDay({ ...small, isShared: true }, 10)
    expect(days.together[300]).toBeLessThanOrEqual(1.5)
    const alone = reportDay({ ...small, processes: 50, tenantsPerProcess: 20 })
    const shared = reportDay({ ...small, isShared: true })
    // As many as if there were one process.
    expect(shared.grants / alone.grants).toBeGreaterThan(0.98)
    expect(shared.grants / alone.grants).toBeLessThan(1.02)
    expect(shared.failedCalls).toBe(0)
    // A refusal counts for all: in the outage the server is asked as often as ever, not by each process in turn.
    expect(shared.highest[900]?.outage).toBeLessThanOrEqual(1.5)
    // A token serves for half its life at least.
    expect(shared.grants).toBeLessThan(fleet.tenants * 2 * 24)
  })

  it('L2: without jitter the peaks repeat', () => {
    for (const isShared of [true, false]) {
      const { highest } = reportDay({ ...small, isShared, hasJitter: false })
      expect(highest[300]?.after).toBeGreaterThan(3)
      expect(highest[300]?.quiet).toBeGreaterThan(3)
    }
  })

  it('L6: calls fail in an outage longer than the tokens’ remaining lifetime', () => {
    const outage = { from: fleet.outage.from, to: fleet.outage.from + 3600 }
    expect(simulateFleet({ ...small, outage }).failedCalls).toBeGreaterThan(0)
  })

  it('is reproducible by its seed', () => {
    const few = { ...small, processes: 50, until: 12 * 3600 }
    const { requests } = simulateFleet(few)
    expect(simulateFleet(few).requests).toEqual(requests)
    expect(simulateFleet({ ...few, seed: 2 }).requests).not.toEqual(requests)
  })
})

describe('the queue', () => {
  it('calls each actor at its tick, and drops late events', () => {
    const queue = new EventQueue(3, 100, 10)
    const seen: (readonly [number, number])[] = []
    queue.add(0, 55)
    queue.add(1, 12)
    queue.add(2, 100)
    queue.run((actor, time) => {
      seen.push([actor, time])
      if (actor === 1 && time < 30) queue.add(1, time + 15)
    })
    expect(seen).toEqual([
      [1, 10],
      [1, 20],
      [1, 30],
      [0, 50],
    ])
  })
})

describe('randomness', () => {
  it('is uniform', () => {
    const random = createRandom(7)
    const values = Array.from({ length: 10_000 }, random)
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true)
    for (let tenth = 0; tenth < 10; tenth += 1) {
      const count = values.filter((value) => Math.floor(value * 10) === tenth).length
      expect(Math.abs(count - 1000)).toBeLessThan(150)
    }
  })

  it('has a higher maximum over many bins than in one, and approaches the mean for large means', () => {
    expect(highestByChance(4, 1)).toBe(4)
    expect(highestByChance(4, 1000)).toBeGreaterThan(9)
    expect(highestByChance(1_000_000, 288) / 1_000_000).toBeLessThan(1.01)
    expect(highestByChance(700, 288)).toBeGreaterThan(highestByChance(700, 2))
  })
})

describe('the stored report', () => {
  const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')
  const report = JSON.parse(read('benchmarks/fleet.json')) as FleetReport

  it('is on the page and in the pictures', () => {
    expect(fillFleetPage(read('docs/fleet.md'), report)).toBe(read('docs/fleet.md'))
    for (const [name, svg] of Object.entries(fleetPictures(report))) expect(svg, name).toBe(read(`docs/${name}`))
    expect(report.fleet).toEqual(fleet)
  })

  it('fulfils what the page promises', () => {
    expect(report.days).toHaveLength(6)
    for (const { isShared, hasJitter, highest, failedCalls } of report.days) {
      const after = highest[isShared ? 900 : 60]?.after
      if (hasJitter) expect(after).toBeLessThanOrEqual(1.5)
      else expect(highest[300]?.after).toBeGreaterThan(3)
      expect(failedCalls).toBe(0)
    }
    expect(report.repeated.together[300]).toBeLessThanOrEqual(1.5)
  })

  it('requires a page with marks', () => {
    expect(() => fillFleetPage('# A page', report)).toThrow('no marks for the results')
  })
})
