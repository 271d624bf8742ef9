import { describe, expect, it } from 'vitest'
import { type ClientEvent, toEmit } from '../src/events.ts'

const event: ClientEvent = { type: 'store.recovered', provider: 'acme' }

describe('events', () => {
  it('reach the listener', () => {
    const heard: ClientEvent[] = []
    toEmit((one) => heard.push(one))(event)
    expect(heard).toEqual([event])
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
