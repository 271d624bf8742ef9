import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { pause, resultWithin, waitFor, withDeadline } from '../../src/platform/deadline.ts'

class TooLate extends Error {}
const tooLate = (): Error => new TooLate('too late')

/**
 * Counts the running timers of one delay. Work of earlier tests may start others in the background, so no count of all timers
 * says anything about one test. The test ends it with `vi.restoreAllMocks()`.
 */
function countTimers(delayMs: number): () => number {
  const { setTimeout, clearTimeout } = globalThis
  const running = new Set<unknown>()
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((callback: () => void, ms?: number) => {
    const timer = setTimeout(() => {
      running.delete(timer)
      callback()
    }, ms)
    if (ms === delayMs) running.add(timer)
    return timer
  }) as typeof setTimeout)
  vi.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
    running.delete(timer)
    clearTimeout(timer)
  })
  return () => running.size
}

describe('withDeadline', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.restoreAllMocks()
    vi.useRealTimers()
  })

  it('G7: work in time resolves, and leaves no timer', async () => {
    const count = countTimers(13_000)
    const attempt = withDeadline(13, tooLate, async () => 'done')
    expect(count()).toBe(1)
    await expect(attempt).resolves.toBe('done')
    expect(count()).toBe(0)
  })

  it('G7: work that fails in time rejects with its own failure, and leaves no timer', async () => {
    const failure = new Error('its own')
    const count = countTimers(13_000)
    await expect(withDeadline(13, tooLate, () => Promise.reject(failure))).rejects.toBe(failure)
    expect(count()).toBe(0)
  })

  it('G7: work that throws before its first await leaves no timer either', async () => {
    const failure = new Error('its own')
    const count = countTimers(13_000)
    const attempt = withDeadline(13, tooLate, () => {
      throw failure
    })
    await expect(attempt).rejects.toBe(failure)
    expect(count()).toBe(0)
  })

  it('G7: the deadline is in seconds', async () => {
    let settled = false
    const attempt = withDeadline(2, tooLate, () => new Promise<never>(() => {})).finally(() => {
      settled = true
    })
    attempt.catch(() => {})
    await vi.advanceTimersByTimeAsync(1999)
    expect(settled).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await expect(attempt).rejects.toBeInstanceOf(TooLate)
  })

  it('G7: a fraction of a second is a deadline', async () => {
    const attempt = withDeadline(0.05, tooLate, () => new Promise<never>(() => {}))
    attempt.catch(() => {})
    await vi.advanceTimersByTimeAsync(50)
    await expect(attempt).rejects.toBeInstanceOf(TooLate)
  })

  it('G7: the deadline also ends the wait for work that ignores the signal', async () => {
    let finish = (): void => {}
    const attempt = withDeadline(1, tooLate, () => new Promise<string>((resolve) => (finish = () => resolve('late'))))
    attempt.catch(() => {})
    await vi.advanceTimersByTimeAsync(1000)
    await expect(attempt).rejects.toBeInstanceOf(TooLate)
    finish()
    await expect(attempt).rejects.toBeInstanceOf(TooLate)
  })

  it('G7: the signal aborts with the same error that the caller gets', async () => {
    let seen: unknown
    const attempt = withDeadline(
      1,
      tooLate,
      (signal) =>
        new Promise<never>((_, reject) => {
          signal.addEventListener('abort', () => {
            seen = signal.reason
            reject(new Error('aborted'))
          })
        }),
    )
    attempt.catch(() => {})
    await vi.advanceTimersByTimeAsync(1000)
    const failure: unknown = await attempt.catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(TooLate)
    expect(seen).toBe(failure)
  })

  it('G7: the signal is not aborted before the deadline, nor after work in time', async () => {
    let signal: AbortSignal | undefined
    await withDeadline(1, tooLate, async (given) => {
      signal = given
      expect(given.aborted).toBe(false)
    })
    await vi.advanceTimersByTimeAsync(5000)
    expect(signal?.aborted).toBe(false)
  })

  it('L11: work that fails after its deadline causes no unhandled rejection', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    try {
      let fail = (): void => {}
      const attempt = withDeadline(
        1,
        tooLate,
        () => new Promise<never>((_, reject) => (fail = () => reject(new Error()))),
      )
      attempt.catch(() => {})
      await vi.advanceTimersByTimeAsync(1000)
      await expect(attempt).rejects.toBeInstanceOf(TooLate)
      fail()
      vi.useRealTimers()
      await new Promise((resolve) => setImmediate(resolve))
      expect(unhandled).not.toHaveBeenCalled()
    } finally {
      process.off('unhandledRejection', unhandled)
    }
  })
})

describe('withDeadline: a signal from outside', () => {
  const never = (): Promise<never> => new Promise(() => {})

  it('L4: its abort ends the call and the work, with its reason', async () => {
    const controller = new AbortController()
    let inner: AbortSignal | undefined
    const attempt = withDeadline(
      10,
      tooLate,
      (signal) => {
        inner = signal
        return never()
      },
      controller.signal,
    )
    const reason = new Error('gone')
    controller.abort(reason)
    await expect(attempt).rejects.toBe(reason)
    expect(inner?.reason).toBe(reason)
  })

  it('L4: aborted already, it ends both at once', async () => {
    const reason = new Error('gone')
    let inner: AbortSignal | undefined
    const work = (signal: AbortSignal): Promise<never> => {
      inner = signal
      return never()
    }
    await expect(withDeadline(10, tooLate, work, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(inner?.reason).toBe(reason)
  })

  it('L4: no listener is left on it', async () => {
    const { signal } = new AbortController()
    await withDeadline(10, tooLate, async () => 'done', signal)
    await expect(withDeadline(0.001, tooLate, never, signal)).rejects.toBeInstanceOf(TooLate)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('waitFor', () => {
  it('L4: a wait leaves no listener on its signal', async () => {
    const { signal } = new AbortController()
    let listeners = 0
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1
      remove(...args)
    }
    expect(await waitFor(Promise.resolve(1), signal)).toBe(1)
    await expect(waitFor(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
    await Promise.resolve()
    expect(listeners).toBe(0)
  })

  it('L4: an abort ends the wait with its reason, but not the work', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const controller = new AbortController()
    const waiting = waitFor(promise, controller.signal)
    controller.abort(new Error('gone'))
    await expect(waiting).rejects.toThrow('gone')
    await expect(waitFor(promise, AbortSignal.abort(new Error('before')))).rejects.toThrow('before')
    resolve('done')
    expect(await waitFor(promise, undefined)).toBe('done')
  })

  const never = new Promise<never>(() => {})

  it('L4: work in time settles with its own result, and the signal is not aborted', async () => {
    const { signal } = new AbortController()
    const failure = new Error('its own')
    await expect(waitFor(Promise.resolve('done'), signal)).resolves.toBe('done')
    await expect(waitFor(Promise.reject(failure), signal)).rejects.toBe(failure)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it("L4: an abort ends the wait with the signal's reason, now or later", async () => {
    const reason = new Error('gone')
    await expect(waitFor(never, AbortSignal.abort(reason))).rejects.toBe(reason)
    const controller = new AbortController()
    const waiting = waitFor(never, controller.signal)
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
  })
})

describe('resultWithin', () => {
  it('G7: resolves to the result, or to undefined if the work fails or takes longer', async () => {
    vi.useFakeTimers()
    try {
      expect(await resultWithin(1, async () => 'done')).toBe('done')
      expect(await resultWithin(1, () => Promise.reject(new Error('its own')))).toBeUndefined()
      const late = resultWithin(1, () => new Promise<never>(() => {}))
      await vi.advanceTimersByTimeAsync(1000)
      expect(await late).toBeUndefined()
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('pause', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.restoreAllMocks()
    vi.useRealTimers()
  })

  it('G9: it resolves after the seconds, and leaves no timer', async () => {
    const { signal } = new AbortController()
    const count = countTimers(17_000)
    let over = false
    const pausing = pause(17, signal).then(() => {
      over = true
    })
    await vi.advanceTimersByTimeAsync(16_999)
    expect([over, count()]).toEqual([false, 1])
    await vi.advanceTimersByTimeAsync(1)
    await pausing
    expect([over, count()]).toEqual([true, 0])
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('L4: an abort ends it at once, and no timer is left', async () => {
    const reason = new Error('gone')
    const controller = new AbortController()
    const count = countTimers(3_607_000)
    const pausing = pause(3607, controller.signal)
    expect(count()).toBe(1)
    controller.abort(reason)
    await expect(pausing).rejects.toBe(reason)
    expect(count()).toBe(0)
    await expect(pause(3607, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(count()).toBe(0)
  })
})
