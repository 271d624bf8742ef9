import { describe, expect, it } from 'vitest'
import { createRequest } from '../../src/platform/flight-request.ts'

describe('a request that callers share', () => {
  it('does its work when it is started, and knows how long it was queued', async () => {
    const queued: number[] = []
    const { request, start } = createRequest(
      async (_request, queuedMs) => {
        queued.push(queuedMs)
        return 'token'
      },
      false,
      performance.now() - 3_600_000,
    )
    expect(queued).toEqual([])
    start(() => {})
    expect(await request.result).toBe('token')
    expect(queued).toEqual([expect.closeTo(3_600_000, -6)])
  })

  it('settles before its callers continue', async () => {
    const order: string[] = []
    const { request, start } = createRequest(async () => 'token', false)
    const waiting = request.result.then(() => order.push('caller'))
    start((outcome) => order.push(JSON.stringify(outcome)))
    await waiting
    expect(order).toEqual(['{"value":"token"}', 'caller'])
  })

  it('fails its callers with the failure itself', async () => {
    const failure = new Error('down')
    const outcomes: unknown[] = []
    const { request, start } = createRequest(() => Promise.reject(failure), true)
    start((outcome) => outcomes.push(outcome))
    await expect(request.result).rejects.toBe(failure)
    expect(outcomes).toEqual([{ failure }])
  })

  it('is about no rejected value yet, may be cached, and is not aborted', () => {
    const { request } = createRequest(async () => 'token', true)
    expect(request).toMatchObject({ background: true, rejected: new Set(), cacheable: true })
    expect(request.controller.signal.aborted).toBe(false)
  })
})
