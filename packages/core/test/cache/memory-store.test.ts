import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/cache/memory-store.ts'

const inAnHour = (): number => Date.now() + 3_600_000

describe('memory store', () => {
  it('gives back what was put in, as a copy', async () => {
    const store = memoryStore()
    const token = { expiresAt: inAnHour(), value: 'v', extra: { list: [1] } }
    await store.set('k', token)
    token.extra.list.push(2)
    expect(await store.get('k')).toEqual({ expiresAt: token.expiresAt, value: 'v', extra: { list: [1] } })
    expect(await store.get('other')).toBeUndefined()
  })

  it('forgets what has expired', async () => {
    const store = memoryStore()
    await store.set('k', { expiresAt: Date.now() - 1 })
    expect(await store.get('k')).toBeUndefined()
  })

  it('deletes a token only where it is still the stored one', async () => {
    const store = memoryStore()
    const token = { expiresAt: inAnHour(), value: 'new' }
    await store.set('k', token)
    await store.delete('k', { ...token, value: 'old' })
    expect(await store.get('k')).toEqual(token)
    await store.delete('k', { value: 'new', expiresAt: token.expiresAt })
    expect(await store.get('k')).toBeUndefined()
  })

  it('is bounded by least recent use', async () => {
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
    expect(() => memoryStore({ maxEntries })).toThrow(/maxEntries/)
  })
})
