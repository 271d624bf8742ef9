import { expect, it } from 'vitest'
import type { Exchange } from '../src/exchange.ts'
import { IdleResponses } from '../src/idle-responses.ts'

/** An exchange as far as it is looked at. */
function createExchange(more: { readonly headersSent?: boolean; readonly mayBeSilent?: boolean } = {}) {
  const { headersSent = true, mayBeSilent = false } = more
  let isDestroyed = false
  const response = {
    headersSent,
    destroy(): void {
      isDestroyed = true
    },
  }
  const exchange = { response, mayBeSilent, entry: { bytesOut: 0 } }
  return { exchange: exchange as unknown as Exchange, isDestroyed: () => isDestroyed }
}

it('ends a response whose bytes have stopped for a minute, but no stream of events, and none that waits for its head', () => {
  const stopped = createExchange()
  const moving = createExchange()
  const events = createExchange({ mayBeSilent: true })
  const waiting = createExchange({ headersSent: false })
  const all = [stopped, moving, events, waiting]
  const idle = new IdleResponses(new Set(all.map(({ exchange }) => exchange)))
  const ended = (): readonly boolean[] => all.map(({ isDestroyed }) => isDestroyed())
  for (const seconds of [0, 30, 59]) {
    idle.check(seconds * 1000)
    moving.exchange.entry.bytesOut += 1
  }
  expect(ended()).toEqual([false, false, false, false])
  idle.check(60_000)
  expect(ended()).toEqual([true, false, false, false])
  idle.check(119_999)
  expect(ended()).toEqual([true, false, false, false])
  idle.check(120_000)
  expect(ended()).toEqual([true, true, false, false])
  idle.close()
})
