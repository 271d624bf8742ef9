import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { discard } from '../../src/fetch/discard.ts'
import { stopTimers } from '../virtual-time.ts'

/** An answer in pieces of a kilobyte each, and how many were taken; `undefined` pieces never come. */
function answerOf(pieces: number, end: 'close' | 'hang' | 'break') {
  let taken = 0
  let cancelled = false
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        taken += 1
        if (taken <= pieces) return controller.enqueue(new Uint8Array(1024))
        if (end === 'close') controller.close()
        else if (end === 'break') controller.error(new Error('reset'))
        else await new Promise(() => {})
      },
      cancel() {
        cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { response: new Response(body), taken: () => taken, cancelled: () => cancelled }
}

describe('a dropped response', () => {
  beforeEach(stopTimers)
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is read to its end if it is short, and so keeps its connection', async () => {
    const answer = answerOf(3, 'close')
    await discard(answer.response)
    expect([answer.taken(), answer.cancelled()]).toEqual([4, false])
  })

  it('is read to its end if it has 64 KiB, and cancelled if it has more', async () => {
    for (const pieces of [64, 65]) {
      const answer = answerOf(pieces, 'close')
      await discard(answer.response)
      expect(answer.cancelled()).toBe(pieces > 64)
    }
  })

  it('is cancelled if it is long', async () => {
    const answer = answerOf(1_000_000, 'close')
    await discard(answer.response)
    expect(answer.cancelled()).toBe(true)
    expect(answer.taken()).toBeLessThan(100)
  })

  it('is cancelled if it does not end', async () => {
    const answer = answerOf(3, 'hang')
    const discarding = discard(answer.response)
    await vi.advanceTimersByTimeAsync(49)
    expect(answer.cancelled()).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await discarding
    expect(answer.cancelled()).toBe(true)
  })

  it('may fail by itself, or have no body', async () => {
    await discard(answerOf(3, 'break').response)
    await discard(new Response(null))
  })

  it.each(['close', 'break'] as const)('L11: leaves no timer behind (%s)', async (end) => {
    await discard(answerOf(3, end).response)
    expect(vi.getTimerCount()).toBe(0)
  })
})
