import { describe, expect, it } from 'vitest'
import { guardStore } from '../../src/cache/guarded-store.ts'
import { memoryStore } from '../../src/cache/memory-store.ts'
import type { TokenStore } from '../../src/cache/token-store.ts'
import type { ClientEvent } from '../../src/events.ts'

describe('guarded store', () => {
  it('S3: a store that fails is a miss, and an event; its return is an event, too', async () => {
    const events: ClientEvent[] = []
    const memory = memoryStore()
    let broken = true
    const down = Object.assign(new Error('down: redis://:password@host'), { code: 'ECONNREFUSED' })
    const store: TokenStore = {
      ...memory,
      get: (key) => (broken ? Promise.reject(down) : memory.get(key)),
    }
    const guarded = guardStore(store, 'acme', (event) => events.push(event))
    expect(await guarded.get('k', 10)).toBeUndefined()
    broken = false
    expect(await guarded.get('k', 10)).toBeUndefined()
    expect(events).toEqual([
      { type: 'store.failed', provider: 'acme', operation: 'get', reason: 'ECONNREFUSED' },
      { type: 'store.recovered', provider: 'acme' },
    ])
  })

  it('S3: of a store that works nothing is told, and of its return once', async () => {
    const events: ClientEvent[] = []
    const memory = memoryStore()
    let broken = false
    const set: TokenStore['set'] = (key, token) => (broken ? Promise.reject(new Error('full')) : memory.set(key, token))
    const guarded = guardStore({ ...memory, set }, 'acme', (event) => events.push(event))
    const token = { expiresAt: Date.now() + 60_000 }
    await guarded.set('k', token, 10)
    expect(await guarded.get('k', 10)).toEqual(token)
    expect(events).toEqual([])
    broken = true
    await guarded.set('k', token, 10)
    await guarded.get('k', 10)
    await guarded.get('k', 10)
    expect(events.map(({ type }) => type)).toEqual(['store.failed', 'store.recovered'])
  })

  it('S3: a store that throws at once, or hangs, neither throws nor hangs here', async () => {
    const events: ClientEvent[] = []
    const store: TokenStore = {
      get: () => new Promise(() => {}),
      set: () => {
        throw new Error('full')
      },
      delete: () => Promise.reject(new Error('read-only')),
    }
    const guarded = guardStore(store, 'acme', (event) => events.push(event))
    expect(await guarded.get('k', 10)).toBeUndefined()
    await guarded.set('k', { expiresAt: 1 }, 10)
    await guarded.delete('k')
    expect(events).toMatchObject([
      { operation: 'get', reason: 'timed_out' },
      { operation: 'set', reason: undefined },
      { operation: 'delete', reason: undefined },
    ])
  })

  it('S3: a store takes a quarter of a flight’s time at most', async () => {
    const hung: TokenStore = { get: () => new Promise(() => {}), set: async () => {}, delete: async () => {} }
    const before = performance.now()
    await guardStore(hung, 'acme', () => {}).get('k', 0.2)
    expect(performance.now() - before).toBeLessThan(500)
  })

  it('S3: what a store that failed a moment ago is given is not waited for', async () => {
    const hung = (): Promise<never> => new Promise(() => {})
    const guarded = guardStore({ get: hung, set: hung, delete: hung }, 'acme', () => {})
    await guarded.get('k', 0.1)
    const before = performance.now()
    await guarded.set('k', { expiresAt: 1 }, 10)
    expect(performance.now() - before).toBeLessThan(100)
  })

  it('S3: a healthy store has what it was given before the call goes on', async () => {
    const { promise: written, resolve: write } = Promise.withResolvers<void>()
    const guarded = guardStore({ ...memoryStore(), set: () => written }, 'acme', () => {})
    let isOver = false
    const writing = guarded.set('k', { expiresAt: 1 }, 10).then(() => {
      isOver = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(isOver).toBe(false)
    write()
    await writing
    expect(isOver).toBe(true)
  })

  it('S3: a deletion may take a second, and no more', async () => {
    const slow = { ...memoryStore(), delete: () => new Promise<void>((resolve) => setTimeout(resolve, 300)) }
    const events: ClientEvent[] = []
    await guardStore(slow, 'acme', (event) => events.push(event)).delete('k')
    expect(events).toEqual([])
    const before = performance.now()
    await guardStore({ ...memoryStore(), delete: () => new Promise(() => {}) }, 'acme', () => {}).delete('k')
    expect(performance.now() - before).toBeLessThan(1500)
  })
})
