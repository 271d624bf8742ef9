import { createClock, standardEmulation, startEmulator, testTokenStore } from '@nightlatch/testing'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/cache/memory-store.ts'
import { createClient } from '../../src/index.ts'

const inAnHour = (): number => Date.now() + 3_600_000

describe('memory store', () => {
  const shared = memoryStore()
  testTokenStore(() => shared, { describe, it })

  describe('with its own clock', () => {
    const clock = createClock()
    const store = memoryStore({ now: clock.now })
    testTokenStore(() => store, { describe, it, clock })
  })

  it('S2: clients that share it request one token', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const acme = { name: 'acme', tokenEndpoint: emulator.tokenEndpoint }
    const options = { credentials: emulator.credentials, store: memoryStore() }
    const clients = Array.from({ length: 5 }, () => createClient(acme, options))
    const tokens = await Promise.all(clients.flatMap((client) => [client.token(), client.token()]))
    await Promise.all(clients.map((client) => client.close()))
    expect(new Set(tokens.map(({ value }) => value)).size).toBe(1)
    expect(emulator.requests).toHaveLength(1)
  })

  it('returns a copy of what was stored', async () => {
    const store = memoryStore()
    const token = { expiresAt: inAnHour(), value: 'v', extra: { list: [1] } }
    await store.set('k', token)
    token.extra.list.push(2)
    expect(await store.get('k')).toEqual({ expiresAt: token.expiresAt, value: 'v', extra: { list: [1] } })
    expect(await store.get('other')).toBeUndefined()
  })

  it('drops an expired token', async () => {
    const store = memoryStore()
    await store.set('k', { expiresAt: Date.now() - 1 })
    expect(await store.get('k')).toBeUndefined()
  })

  it('deletes a token only if it is still the stored one', async () => {
    const store = memoryStore()
    const token = { expiresAt: inAnHour(), value: 'new' }
    await store.set('k', token)
    await store.delete('k', { ...token, value: 'old' })
    expect(await store.get('k')).toEqual(token)
    await store.delete('k', { value: 'new', expiresAt: token.expiresAt })
    expect(await store.get('k')).toBeUndefined()
  })

  const token = { expiresAt: 9, extra: { list: ['a'], text: 'x', none: null, empty: {} } }
  it.each([
    ['fewer members', { expiresAt: 9 }],
    ['more members', { ...token, more: 1 }],
    ['another member', { expiresAt: 9, other: token.extra }],
    ['more within', { ...token, extra: { ...token.extra, more: 1 } }],
    ['a longer list', { ...token, extra: { ...token.extra, list: ['a', 'b'] } }],
    ['an object for a list', { ...token, extra: { ...token.extra, list: { 0: 'a' } } }],
    ['a text for a list', { ...token, extra: { ...token.extra, list: 'a' } }],
    ['an object for a text', { ...token, extra: { ...token.extra, text: { 0: 'x' } } }],
    ['a list for a text', { ...token, extra: { ...token.extra, text: ['x'] } }],
    ['an object for null', { ...token, extra: { ...token.extra, none: {} } }],
    ['null for an object', { ...token, extra: { ...token.extra, empty: null } }],
    ['a list for an object', { ...token, extra: { ...token.extra, empty: [] } }],
  ])('a token with %s is a different one', async (_what, other) => {
    const store = memoryStore({ now: () => 1 })
    await store.set('k', token)
    await store.delete('k', other)
    expect(await store.get('k')).toEqual(token)
    await store.set('k', other)
    await store.delete('k', token)
    expect(await store.get('k')).toEqual(other)
    await store.delete('k', structuredClone(other))
    expect(await store.get('k')).toBeUndefined()
  })

  it('drops a token at the very instant of its expiry', async () => {
    let now = 1
    const store = memoryStore({ now: () => now })
    await store.set('k', { expiresAt: 3 })
    now = 2
    expect(await store.get('k')).toBeDefined()
    now = 3
    expect(await store.get('k')).toBeUndefined()
  })

  it('can be bounded to one entry', async () => {
    const store = memoryStore({ maxEntries: 1 })
    await store.set('a', { expiresAt: inAnHour() })
    await store.set('b', { expiresAt: inAnHour() })
    expect(await store.get('a')).toBeUndefined()
    expect(await store.get('b')).toBeDefined()
  })

  it('a token that is written again counts as used', async () => {
    const store = memoryStore({ maxEntries: 2 })
    for (const key of ['a', 'b', 'a', 'c']) await store.set(key, { expiresAt: inAnHour() })
    expect(await store.get('a')).toBeDefined()
    expect(await store.get('b')).toBeUndefined()
  })

  it('evicts the least recently used', async () => {
    const store = memoryStore({ maxEntries: 2 })
    await store.set('a', { expiresAt: inAnHour() })
    await store.set('b', { expiresAt: inAnHour() })
    await store.get('a')
    await store.set('c', { expiresAt: inAnHour() })
    expect(await store.get('b')).toBeUndefined()
    expect(await store.get('a')).toBeDefined()
    expect(await store.get('c')).toBeDefined()
  })

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses a bound of %d', (maxEntries) => {
    expect(() => memoryStore({ maxEntries })).toThrow(
      expect.objectContaining({ code: 'invalid_options', message: expect.stringContaining('maxEntries') }),
    )
  })
})
