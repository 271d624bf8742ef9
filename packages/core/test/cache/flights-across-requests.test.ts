import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createFlights, FlightsAcrossRequests } from '../../src/cache/flights-across-requests.ts'
import { type Flight, FlightQueue, type Pilot } from '../../src/cache/single-flight.ts'

/** What goes on after the answer to its request. */
const outlives: Promise<unknown>[] = []
vi.mock('cloudflare:workers', () => ({ waitUntil: (work: Promise<unknown>) => void outlives.push(work) }))

beforeEach(() => {
  outlives.length = 0
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** Flights that end when told. */
function createBench() {
  const begun: {
    readonly flight: Flight<string>
    readonly waited: number
    readonly land: (value: string) => void
    readonly crash: (failure: unknown) => void
  }[] = []
  const pilot: Pilot<string> = (flight, waited) =>
    new Promise<string>((resolve, reject) => {
      begun.push({ flight, waited, land: resolve, crash: reject })
    })
  const at = (index: number) => {
    const one = begun[index]
    if (one === undefined) throw new Error(`there is no flight ${index}`)
    return one
  }
  return { flights: new FlightsAcrossRequests<string>(), pilot, at, count: () => begun.length }
}

const pass = (seconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(seconds * 1000)

const succeed = async (): Promise<string> => 'quick'
const fail = (): Promise<string> => Promise.reject('quick')

/** What workerd does to a request that is over: its timers are gone, its promises never settle. */
const endRequests = (): void => void vi.clearAllTimers()

describe('FlightsAcrossRequests', () => {
  it('is what Workers get, and nobody else', () => {
    expect(createFlights()).toBeInstanceOf(FlightQueue)
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    expect(createFlights()).toBeInstanceOf(FlightsAcrossRequests)
  })

  it('L3: all who need a value have it of one flight', async () => {
    const { flights, pilot, at, count } = createBench()
    const waiting = [flights.join(pilot), flights.join(pilot), flights.join(pilot)]
    expect(flights.busy).toBe(true)
    expect(flights.underWay).toBe(at(0).flight)
    expect(at(0).flight.rejected.size).toBe(0)
    await pass(8)
    at(0).land('one')
    await pass(0.1)
    expect(await Promise.all(waiting)).toEqual(['one', 'one', 'one'])
    expect(count()).toBe(1)
    expect(flights.busy).toBe(false)
    expect(flights.underWay).toBeUndefined()
  })

  it('L11: no timer is left when a flight is over', async () => {
    const { flights, pilot, at } = createBench()
    const waiting = [flights.join(pilot), flights.join(pilot)]
    await pass(0.3)
    at(0).land('one')
    await pass(0.1)
    await Promise.all(waiting)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('L4: a flight that fails fails all who wait, and is forgotten', async () => {
    const { flights, pilot, at, count } = createBench()
    const waiting = [flights.join(pilot), flights.join(pilot)]
    const settled = Promise.allSettled(waiting)
    at(0).crash(new Error('down'))
    await pass(0.1)
    for (const one of await settled) expect(one).toMatchObject({ status: 'rejected', reason: { message: 'down' } })
    expect(count()).toBe(1)
    void flights.join(pilot)
    expect(count()).toBe(2)
  })

  it('L13: when a flight dies with its request, one of those who wait begins another, for all', async () => {
    const { flights, pilot, at, count } = createBench()
    void flights.join(pilot)
    await pass(0.2)
    endRequests()
    const waiting = Array.from({ length: 20 }, () => flights.join(pilot))
    await pass(1)
    expect(count()).toBe(2)
    expect(at(1).waited).toBeGreaterThan(200)
    const late = flights.join(pilot)
    at(1).land('another')
    await pass(0.1)
    expect(new Set(await Promise.all([...waiting, late]))).toEqual(new Set(['another']))
    expect(count()).toBe(2)
  })

  it('L13: a flight behind the callers’ backs, too, lets its request go on until it is over', async () => {
    const { flights, pilot, at } = createBench()
    flights.flyAhead(pilot)
    await vi.waitFor(() => expect(outlives).toHaveLength(1))
    at(0).land('one')
    expect(await outlives[0]).toBe('one')
  })

  it.each([
    ['what landed before they came', () => {}],
    ['nothing, for all was purged', (flights: FlightsAcrossRequests<string>) => flights.purge()],
  ])('L5, L12: who waits for a flight that dies does not fall back on %s', async (_, meanwhile) => {
    const { flights, pilot, at, count } = createBench()
    const before = flights.join(pilot)
    at(0).land('before')
    expect(await before).toBe('before')
    void flights.join(pilot)
    endRequests()
    const waiting = flights.join(pilot)
    meanwhile(flights)
    await pass(1)
    expect(count()).toBe(3)
    at(2).land('own')
    expect(await waiting).toBe('own')
  })

  it('L12: who comes after a purge never has what was under way, not even where their own flight dies', async () => {
    const { flights, pilot, at, count } = createBench()
    void flights.join(pilot)
    flights.purge()
    void flights.join(pilot)
    endRequests()
    const waiting = flights.join(pilot)
    at(0).land('purged')
    await pass(1)
    expect(count()).toBe(3)
    at(2).land('new')
    expect(await waiting).toBe('new')
  })

  it.each([
    ['a value', undefined, succeed],
    ['a failure', undefined, fail],
    ['a value in place of a refused one', 'a', succeed],
    ['a failure in place of a refused one', 'a', fail],
  ] as const)('L4, L5: %s that came between two looks is had by all who wait', async (_, rejected, end) => {
    const { flights, pilot } = createBench()
    const quick = vi.fn<Pilot<string>>(end)
    void flights.join(pilot)
    await pass(0.2)
    endRequests()
    const ask = (): Promise<string> => (rejected === undefined ? flights.join(quick) : flights.replace(rejected, quick))
    const settled = Promise.allSettled(Array.from({ length: 10 }, ask))
    await pass(1)
    const results = (await settled).map((one) => ('value' in one ? one.value : one.reason))
    expect(new Set(results)).toEqual(new Set(['quick']))
    expect(quick).toHaveBeenCalledTimes(1)
    // Whoever comes later has one of their own.
    await ask().catch(() => {})
    expect(quick).toHaveBeenCalledTimes(2)
  })

  it('L13: after a stall of all, a flight that lives is not taken for dead', async () => {
    const { flights, pilot, at, count } = createBench()
    const waiting = [flights.join(pilot), flights.join(pilot)]
    await pass(0.2)
    const { now } = performance
    vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 5000)
    await pass(0.5)
    expect(count()).toBe(1)
    at(0).land('one')
    await pass(0.1)
    expect(await Promise.all(waiting)).toEqual(['one', 'one'])
    vi.restoreAllMocks()
  })

  it('L5: who is refused what a flight under way replaces has it of that flight', async () => {
    const { flights, pilot, at, count } = createBench()
    const waiting = [flights.replace('a', pilot), flights.replace('a', pilot)]
    expect([...at(0).flight.rejected]).toEqual(['a'])
    at(0).land('one')
    await pass(0.1)
    expect(await Promise.all(waiting)).toEqual(['one', 'one'])
    expect(count()).toBe(1)
  })

  it('L5: a refused value never has what a flight brings that began before, whether it fails or not', async () => {
    for (const end of ['land', 'crash'] as const) {
      const { flights, pilot, at, count } = createBench()
      const first = flights.join(pilot)
      const settled = Promise.allSettled([first])
      const waiting = Array.from({ length: 10 }, () => flights.replace('a', pilot))
      await pass(0.2)
      expect(count()).toBe(1)
      at(0)[end]('a')
      await settled
      await pass(0.1)
      expect(count()).toBe(2)
      at(1).land('b')
      await pass(0.1)
      expect(new Set(await Promise.all(waiting))).toEqual(new Set(['b']))
      expect(count()).toBe(2)
    }
  })

  it('L5: a flight behind the callers’ backs is nothing to wait for when its value is refused', async () => {
    const { flights, pilot, at, count } = createBench()
    flights.flyAhead(pilot)
    const replaced = flights.replace('a', pilot)
    expect(count()).toBe(2)
    expect(at(0).flight.wanted).toBe(false)
    // It is another request's: to break it off is not ours.
    expect(at(0).flight.controller.signal.aborted).toBe(false)
    at(0).land('old')
    await pass(0.1)
    expect(flights.busy).toBe(true)
    at(1).land('new')
    expect(await replaced).toBe('new')
  })

  it('L6: who needs a value waits for what goes on behind the callers’ backs, and then has a flight of their own', async () => {
    const { flights, pilot, at, count } = createBench()
    flights.flyAhead(pilot)
    const waiting = [flights.join(pilot), flights.join(pilot)]
    await pass(0.1)
    expect(count()).toBe(1)
    at(0).crash(new Error('down'))
    await pass(0.1)
    expect(count()).toBe(2)
    expect(at(1).flight.ahead).toBe(false)
    at(1).land('own')
    await pass(0.1)
    expect(await Promise.all(waiting)).toEqual(['own', 'own'])
  })

  it('L13: a refresh behind the callers’ backs that died keeps its place for ten seconds, and no longer', async () => {
    const { flights, pilot, count } = createBench()
    flights.flyAhead(pilot)
    flights.flyAhead(pilot)
    expect(count()).toBe(1)
    endRequests()
    await pass(9)
    flights.flyAhead(pilot)
    expect(count()).toBe(1)
    expect(flights.busy).toBe(true)
    await pass(1.1)
    expect(flights.busy).toBe(false)
    flights.flyAhead(pilot)
    expect(count()).toBe(2)
  })

  it('L12: after a purge nobody has what was under way but those who waited for it', async () => {
    const { flights, pilot, at, count } = createBench()
    const first = flights.join(pilot)
    const second = flights.join(pilot)
    flights.purge()
    expect(at(0).flight.wanted).toBe(false)
    const third = flights.join(pilot)
    expect(count()).toBe(2)
    at(0).land('old')
    await pass(0.1)
    expect(await Promise.all([first, second])).toEqual(['old', 'old'])
    expect(flights.busy).toBe(true)
    at(1).land('new')
    expect(await third).toBe('new')
  })

  it('L11: breaking off touches nothing that anybody waits for', async () => {
    const { flights, pilot, at } = createBench()
    flights.breakOff()
    flights.purge()
    const waiting = flights.join(pilot)
    flights.breakOff()
    expect(at(0).flight.wanted).toBe(true)
    at(0).land('one')
    expect(await waiting).toBe('one')
    flights.flyAhead(pilot)
    flights.breakOff()
    expect(at(1).flight.wanted).toBe(false)
  })
})
