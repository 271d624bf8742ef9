import { describe, expect, it } from 'vitest'
import { waitFor } from '../../src/acquire/deadline.ts'
import { takeOff } from '../../src/cache/single-flight.ts'

describe('single flight', () => {
  it('L4: a flight that nobody waits for any more fails without an unhandled rejection', async () => {
    const unhandled: unknown[] = []
    const listen = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', listen)
    const { result, settled } = takeOff(() => Promise.reject(new Error('no')))
    const waiting = waitFor(result, AbortSignal.abort(new Error('gone')))
    await expect(waiting).rejects.toThrow('gone')
    await settled
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', listen)
    expect(unhandled).toEqual([])
  })

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
})
