import { describe, expect, it } from 'vitest'
import type { EventChannel } from '../src/diagnostics.ts'
import { type ClientEvent, toEmit } from '../src/events.ts'

const event: ClientEvent = { type: 'store.recovered', provider: 'acme' }

describe('events', () => {
  it('reach the listener', () => {
    const heard: ClientEvent[] = []
    toEmit((one) => heard.push(one))(event)
    expect(heard).toEqual([event])
  })

  it('reach the channel as long as it has subscribers, with a listener or without', () => {
    const published: object[] = []
    let hasSubscribers = false
    const channel: EventChannel = {
      get hasSubscribers() {
        return hasSubscribers
      },
      publish: (one) => published.push(one),
    }
    const heard: ClientEvent[] = []
    toEmit(undefined, channel)(event)
    expect(published).toEqual([])
    hasSubscribers = true
    toEmit(undefined, channel)(event)
    toEmit((one) => heard.push(one), channel)(event)
    expect(published).toEqual([event, event])
    expect(heard).toEqual([event])
  })

  it('of a listener that is asynchronous and fails are its own affair, too', async () => {
    const asynchronous = async (): Promise<void> => {
      throw new Error('no')
    }
    toEmit(asynchronous)(event)
    // An unhandled rejection would fail this test.
    await new Promise((resolve) => setTimeout(resolve, 5))
  })

  it('go nowhere without one, and a listener that fails is its own affair', () => {
    expect(() => toEmit(undefined)(event)).not.toThrow()
    expect(() =>
      toEmit(() => {
        throw new Error('no')
      })(event),
    ).not.toThrow()
  })
})
