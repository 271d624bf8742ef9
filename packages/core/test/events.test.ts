import { describe, expect, it } from 'vitest'
import type { EventChannel } from '../src/diagnostics.ts'
import { type ClientEvent, clientFields, toEmit } from '../src/events.ts'

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
    const unhandled: unknown[] = []
    const note = (reason: unknown): unknown => unhandled.push(reason)
    process.on('unhandledRejection', note)
    try {
      const asynchronous = async (): Promise<void> => {
        throw new Error('no')
      }
      toEmit(asynchronous)(event)
      // Node reports unhandled rejections before the event loop goes on.
      await new Promise((resolve) => setImmediate(resolve))
      expect(unhandled).toEqual([])
    } finally {
      process.off('unhandledRejection', note)
    }
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

describe('clientFields', () => {
  it('holds the label only if there is one', () => {
    expect(clientFields('acme', 'blue')).toEqual({ provider: 'acme', label: 'blue' })
    expect(Object.keys(clientFields('acme', undefined))).toEqual(['provider'])
  })
})
