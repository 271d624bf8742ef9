import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { FlightRequest, RequestTask } from '../../src/platform/flight-request.ts'
import { WorkersSingleFlight } from '../../src/platform/workers-single-flight.ts'

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

/** Requests that settle when a test says so. */
function createBench() {
  const begun: {
    readonly request: FlightRequest<string>
    readonly queuedMs: number
    readonly succeed: (value: string) => void
    readonly fail: (failure: unknown) => void
  }[] = []
  const task: RequestTask<string> = (request, queuedMs) =>
    new Promise<string>((resolve, reject) => {
      begun.push({ request, queuedMs, succeed: resolve, fail: reject })
    })
  const at = (index: number) => {
    const one = begun[index]
    if (one === undefined) throw new Error(`there is no request ${index}`)
    return one
  }
  return { flight: new WorkersSingleFlight<string>(), task, at, count: () => begun.length }
}

const pass = (seconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(seconds * 1000)

const succeed = async (): Promise<string> => 'quick'
const fail = (): Promise<string> => Promise.reject('quick')

/** What workerd does to a request that is over: its timers are gone, its promises never settle. */
const endRequests = (): void => void vi.clearAllTimers()

describe('WorkersSingleFlight', () => {
  it('L13: offers no promise of one HTTP request to another', async () => {
    const { flight, task, at } = createBench()
    const waiting = flight.join(task)
    await pass(0)
    expect(flight.joinable).toBeUndefined()
    at(0).succeed('one')
    expect(await waiting).toBe('one')
  })

  it('L3: all callers that need a value share one request', async () => {
    const { flight, task, at, count } = createBench()
    const waiting = [flight.join(task), flight.join(task), flight.join(task)]
    expect(flight.busy).toBe(true)
    expect(at(0).request.rejected.size).toBe(0)
    await pass(8)
    at(0).succeed('one')
    await pass(0.1)
    expect(await Promise.all(waiting)).toEqual(['one', 'one', 'one'])
    expect(count()).toBe(1)
    expect(flight.busy).toBe(false)
  })

  it('L11: no timer is left when a request has settled', async () => {
    const { flight, task, at } = createBench()
    const waiting = [flight.join(task), flight.join(task)]
    await pass(0.3)
    at(0).succeed('one')
    await pass(0.1)
    await Promise.all(waiting)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('L4: a failed request fails all its callers, and is not joined again', async () => {
    const { flight, task, at, count } = createBench()
    const waiting = [flight.join(task), flight.join(task)]
    const settled = Promise.allSettled(waiting)
    at(0).fail(new Error('down'))
    await pass(0.1)
    for (const one of await settled) expect(one).toMatchObject({ status: 'rejected', reason: { message: 'down' } })
    expect(count()).toBe(1)
    void flight.join(task)
    expect(count()).toBe(2)
  })

  it('L13: when a request dies with its HTTP request, one of the waiting callers starts another for all', async () => {
    const { flight, task, at, count } = createBench()
    void flight.join(task)
    await pass(0.2)
    endRequests()
    const waiting = Array.from({ length: 20 }, () => flight.join(task))
    await pass(1)
    expect(count()).toBe(2)
    expect(at(1).queuedMs).toBeGreaterThan(200)
    const late = flight.join(task)
    at(1).succeed('another')
    await pass(0.1)
    expect(new Set(await Promise.all([...waiting, late]))).toEqual(new Set(['another']))
    expect(count()).toBe(2)
  })

  it('L13: a background refresh, too, keeps its HTTP request alive until it has settled', async () => {
    const { flight, task, at } = createBench()
    flight.refresh(task)
    await vi.waitFor(() => expect(outlives).toHaveLength(1), 20_000)
    at(0).succeed('one')
    expect(await outlives[0]).toBe('one')
  })

  it.each([
    ['what landed before they came', () => {}],
    ['nothing, for all was purged', (flight: WorkersSingleFlight<string>) => flight.purge()],
  ])('L5, L12: a caller of a request that dies does not get %s', async (_, meanwhile) => {
    const { flight, task, at, count } = createBench()
    const before = flight.join(task)
    at(0).succeed('before')
    expect(await before).toBe('before')
    void flight.join(task)
    endRequests()
    const waiting = flight.join(task)
    meanwhile(flight)
    await pass(1)
    expect(count()).toBe(3)
    at(2).succeed('own')
    expect(await waiting).toBe('own')
  })

  it('L12: a caller after a purge never gets the result of the purged request, even if its own request dies', async () => {
    const { flight, task, at, count } = createBench()
    void flight.join(task)
    flight.purge()
    void flight.join(task)
    endRequests()
    const waiting = flight.join(task)
    at(0).succeed('purged')
    await pass(1)
    expect(count()).toBe(3)
    at(2).succeed('new')
    expect(await waiting).toBe('new')
  })

  it.each([
    ['a value', undefined, succeed],
    ['a failure', undefined, fail],
    ['a value in place of a refused one', 'a', succeed],
    ['a failure in place of a refused one', 'a', fail],
  ] as const)('L4, L5: %s that came between two looks is had by all who wait', async (_, rejected, end) => {
    const { flight, task } = createBench()
    const quick = vi.fn<RequestTask<string>>(end)
    void flight.join(task)
    await pass(0.2)
    endRequests()
    const ask = (): Promise<string> => (rejected === undefined ? flight.join(quick) : flight.replace(rejected, quick))
    const settled = Promise.allSettled(Array.from({ length: 10 }, ask))
    await pass(1)
    const results = (await settled).map((one) => ('value' in one ? one.value : one.reason))
    expect(new Set(results)).toEqual(new Set(['quick']))
    expect(quick).toHaveBeenCalledTimes(1)
    // A later caller starts a request of its own.
    await ask().catch(() => {})
    expect(quick).toHaveBeenCalledTimes(2)
  })

  it('L13: after a stall of the isolate, a live request does not count as dead', async () => {
    const { flight, task, at, count } = createBench()
    const waiting = [flight.join(task), flight.join(task)]
    await pass(0.2)
    const { now } = performance
    vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 5000)
    await pass(0.5)
    expect(count()).toBe(1)
    at(0).succeed('one')
    await pass(0.1)
    expect(await Promise.all(waiting)).toEqual(['one', 'one'])
    vi.restoreAllMocks()
  })

  it('L5: a caller whose rejected value the request in flight already replaces joins that request', async () => {
    const { flight, task, at, count } = createBench()
    const waiting = [flight.replace('a', task), flight.replace('a', task)]
    expect([...at(0).request.rejected]).toEqual(['a'])
    at(0).succeed('one')
    await pass(0.1)
    expect(await Promise.all(waiting)).toEqual(['one', 'one'])
    expect(count()).toBe(1)
  })

  it('L5: a caller with a rejected value never joins a request that started before, whether it fails or not', async () => {
    for (const end of ['succeed', 'fail'] as const) {
      const { flight, task, at, count } = createBench()
      const first = flight.join(task)
      const settled = Promise.allSettled([first])
      const waiting = Array.from({ length: 10 }, () => flight.replace('a', task))
      await pass(0.2)
      expect(count()).toBe(1)
      at(0)[end]('a')
      await settled
      await pass(0.1)
      expect(count()).toBe(2)
      at(1).succeed('b')
      await pass(0.1)
      expect(new Set(await Promise.all(waiting))).toEqual(new Set(['b']))
      expect(count()).toBe(2)
    }
  })

  it('L5: a background refresh is not waited for when its value is rejected', async () => {
    const { flight, task, at, count } = createBench()
    flight.refresh(task)
    const replaced = flight.replace('a', task)
    expect(count()).toBe(2)
    expect(at(0).request.cacheable).toBe(false)
    // It is another request's: to break it off is not ours.
    expect(at(0).request.controller.signal.aborted).toBe(false)
    at(0).succeed('old')
    await pass(0.1)
    expect(flight.busy).toBe(true)
    at(1).succeed('new')
    expect(await replaced).toBe('new')
  })

  it('L6: callers wait for a background refresh, and then for a request of their own', async () => {
    const { flight, task, at, count } = createBench()
    flight.refresh(task)
    const waiting = [flight.join(task), flight.join(task)]
    await pass(0.1)
    expect(count()).toBe(1)
    at(0).fail(new Error('down'))
    await pass(0.1)
    expect(count()).toBe(2)
    expect(at(1).request.background).toBe(false)
    at(1).succeed('own')
    await pass(0.1)
    expect(await Promise.all(waiting)).toEqual(['own', 'own'])
  })

  it('L13: a background refresh that died keeps its place for ten seconds, and no longer', async () => {
    const { flight, task, count } = createBench()
    flight.refresh(task)
    flight.refresh(task)
    expect(count()).toBe(1)
    endRequests()
    await pass(9)
    flight.refresh(task)
    expect(count()).toBe(1)
    expect(flight.busy).toBe(true)
    await pass(1.1)
    expect(flight.busy).toBe(false)
    flight.refresh(task)
    expect(count()).toBe(2)
  })

  it('L12: after a purge, only callers that already waited get the result of the request in flight', async () => {
    const { flight, task, at, count } = createBench()
    const first = flight.join(task)
    const second = flight.join(task)
    flight.purge()
    expect(at(0).request.cacheable).toBe(false)
    const third = flight.join(task)
    expect(count()).toBe(2)
    at(0).succeed('old')
    await pass(0.1)
    expect(await Promise.all([first, second])).toEqual(['old', 'old'])
    expect(flight.busy).toBe(true)
    at(1).succeed('new')
    expect(await third).toBe('new')
  })

  it('L11: cancelling does not affect requests that callers wait for', async () => {
    const { flight, task, at } = createBench()
    flight.cancel()
    flight.purge()
    const waiting = flight.join(task)
    flight.cancel()
    expect(at(0).request.cacheable).toBe(true)
    at(0).succeed('one')
    expect(await waiting).toBe('one')
    flight.refresh(task)
    flight.cancel()
    expect(at(1).request.cacheable).toBe(false)
  })
})
