import { afterEach, describe, expect, it, vi } from 'vitest'
import type { FlightRequest, RequestTask } from '../../src/platform/flight-request.ts'
import { createSingleFlight, SingleFlightQueue } from '../../src/platform/single-flight.ts'
import { WorkersSingleFlight } from '../../src/platform/workers-single-flight.ts'

/** A queue whose requests settle when a test says so. */
function createBench() {
  const flight: {
    request: FlightRequest<string>
    succeed: (value: string) => void
    fail: (failure: unknown) => void
  }[] = []
  let underWay = 0
  const task: RequestTask<string> = (request) => {
    underWay += 1
    expect(underWay).toBe(1)
    return new Promise<string>((resolve, reject) => {
      flight.push({ request, succeed: resolve, fail: reject })
      request.controller.signal.addEventListener('abort', () => reject(request.controller.signal.reason))
    }).finally(() => {
      underWay -= 1
    })
  }
  const at = (index: number) => {
    const request = flight[index]
    if (request === undefined) throw new Error(`there is no request ${index}`)
    return request
  }
  return { queue: new SingleFlightQueue<string>(), task, at, count: () => flight.length }
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}

describe('SingleFlightQueue', () => {
  it('L3: all callers that need a value join one request', async () => {
    const { queue, task, at, count } = createBench()
    const waiting = [queue.join(task), queue.join(task)]
    expect(queue.busy).toBe(true)
    at(0).succeed('one')
    expect(await Promise.all(waiting)).toEqual(['one', 'one'])
    expect(count()).toBe(1)
    expect(queue.busy).toBe(false)
  })

  it('L3: a request can be joined without a task, unless callers need another one', async () => {
    const { queue, task, at } = createBench()
    expect(queue.joinable).toBeUndefined()
    const waiting = queue.join(task)
    expect(queue.joinable).toBe(waiting)
    const replaced = queue.replace('a', task)
    expect(queue.joinable).toBeUndefined()
    at(0).succeed('one')
    await settle()
    expect(queue.joinable).toBe(replaced)
    queue.purge()
    expect(queue.joinable).toBeUndefined()
    at(1).succeed('two')
    await settle()
    queue.refresh(task)
    expect(queue.joinable).toBeUndefined()
    at(2).succeed('three')
  })

  it('L5: six different rejected values cost one request besides the one in flight', async () => {
    const { queue, task, at, count } = createBench()
    const first = queue.join(task)
    const others = ['a', 'b', 'c', 'd', 'e', 'f'].map((value) => queue.replace(value, task))
    const late = queue.join(task)
    at(0).succeed('one')
    expect(await first).toBe('one')
    await settle()
    expect([...at(1).request.rejected]).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    at(1).succeed('two')
    expect(await Promise.all([...others, late])).toEqual(Array(7).fill('two'))
    expect(count()).toBe(2)
  })

  it('L5: a rejected value that the request in flight replaces already joins it', async () => {
    const { queue, task, at, count } = createBench()
    const first = queue.replace('a', task)
    const second = queue.replace('a', task)
    at(0).succeed('one')
    expect(await first).toBe(await second)
    expect(count()).toBe(1)
  })

  it('L5: a background refresh is cancelled for a request that replaces a rejected value', async () => {
    const { queue, task, at } = createBench()
    queue.refresh(task)
    queue.refresh(task)
    const replaced = queue.replace('a', task)
    await settle()
    expect(at(0).request.controller.signal.aborted).toBe(true)
    expect(at(0).request.cacheable).toBe(false)
    at(1).succeed('new')
    expect(await replaced).toBe('new')
  })

  it('L6: callers wait for a background refresh, and then for a request of their own', async () => {
    const { queue, task, at, count } = createBench()
    queue.refresh(task)
    const waiting = [queue.join(task), queue.join(task)]
    at(0).fail(new Error('down'))
    await settle()
    expect(count()).toBe(2)
    at(1).succeed('own')
    expect(await Promise.all(waiting)).toEqual(['own', 'own'])
  })

  it('L12: after a purge the request in flight is not cached, and a queued one is', async () => {
    const { queue, task, at } = createBench()
    const first = queue.join(task)
    queue.replace('a', task).catch(() => {})
    queue.purge()
    expect(at(0).request.cacheable).toBe(false)
    at(0).succeed('purged')
    expect(await first).toBe('purged')
    await settle()
    expect(at(1).request.cacheable).toBe(true)
    at(1).succeed('kept')
  })

  it('L12: after a purge no caller joins the request in flight', async () => {
    const { queue, task, at } = createBench()
    const first = queue.join(task)
    queue.purge()
    const second = queue.join(task)
    at(0).succeed('old')
    expect(await first).toBe('old')
    await settle()
    at(1).succeed('new')
    expect(await second).toBe('new')
  })

  it('L11: cancelling ends a background refresh only', async () => {
    const { queue, task, at } = createBench()
    const queuedMs = queue.join(task)
    queue.cancel()
    expect(at(0).request.controller.signal.aborted).toBe(false)
    at(0).succeed('one')
    await queuedMs
    queue.refresh(task)
    const queued = queue.join(task)
    queue.cancel()
    expect(at(1).request.controller.signal.aborted).toBe(true)
    await settle()
    at(2).succeed('own')
    expect(await queued).toBe('own')
  })

  it('L4: a background refresh fails without an unhandled rejection', async () => {
    const unhandled: unknown[] = []
    const listen = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', listen)
    const { queue, task, at } = createBench()
    queue.refresh(task)
    at(0).fail(new Error('no'))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', listen)
    expect(unhandled).toEqual([])
    expect(queue.busy).toBe(false)
  })

  it('L4: a request knows how long it was queued', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    try {
      const queue = new SingleFlightQueue<string>()
      const waits: number[] = []
      const slow: RequestTask<string> = async (_request, queuedMs) => {
        waits.push(queuedMs)
        await new Promise((resolve) => setTimeout(resolve, 30))
        return 'x'
      }
      queue.refresh(slow)
      const queued = queue.join(slow)
      await vi.advanceTimersByTimeAsync(60)
      await queued
      expect(waits).toEqual([0, 30])
    } finally {
      vi.useRealTimers()
    }
  })

  it('L12: a purge cancels a background refresh', async () => {
    const queue = new SingleFlightQueue<string>()
    const signals: AbortSignal[] = []
    queue.refresh(({ controller }) => {
      signals.push(controller.signal)
      return new Promise(() => {})
    })
    queue.purge()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  })
})

describe('createSingleFlight', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it('polls on Workers only', () => {
    expect(createSingleFlight()).toBeInstanceOf(SingleFlightQueue)
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    expect(createSingleFlight()).toBeInstanceOf(WorkersSingleFlight)
  })
})
