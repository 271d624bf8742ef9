import { describe, expect, it } from 'vitest'
import { openEntry, sealEntry } from '../src/sealed-entry.ts'
import { makeKey } from './servers/encryption-key.ts'

const token = { expiresAt: 1_800_000_000_000, value: 's3cret-tökèn', extra: { nested: [1, null, { deep: true }] } }
const place = 'nightlatch:{a}'

describe('a sealed entry', () => {
  it('S4: decrypts with its key, under its Redis key', async () => {
    const key = await makeKey()
    expect(await openEntry(await sealEntry(token, place, key), place, [key])).toEqual(token)
  })

  it('S4: reveals nothing of the token', async () => {
    const sealed = await sealEntry(token, place, await makeKey())
    expect(sealed).toMatch(/^1\.[A-Za-z0-9+/=]+$/)
    expect(atob(sealed.slice(2))).not.toContain('s3cret')
    expect(atob(sealed.slice(2))).not.toContain('expiresAt')
  })

  it('S4: differs each time', async () => {
    const key = await makeKey()
    const texts = await Promise.all(Array.from({ length: 20 }, () => sealEntry(token, place, key)))
    expect(new Set(texts.map((text) => text.slice(0, 18))).size).toBe(20)
  })

  it('S4: does not decrypt under another Redis key', async () => {
    const key = await makeKey()
    const sealed = await sealEntry(token, place, key)
    expect(await openEntry(sealed, 'nightlatch:{b}', [key])).toBeUndefined()
    expect(await openEntry(sealed, 'other:{a}', [key])).toBeUndefined()
  })

  it('S4: does not decrypt with another encryption key', async () => {
    const sealed = await sealEntry(token, place, await makeKey())
    expect(await openEntry(sealed, place, [await makeKey(), await makeKey()])).toBeUndefined()
  })

  it('S4: decrypts with any of the keys, so that they can be rotated', async () => {
    const old = await makeKey()
    const sealed = await sealEntry(token, place, old)
    expect(await openEntry(sealed, place, [await makeKey(), old])).toEqual(token)
  })

  it('S1, S4: does not decrypt if any single bit was changed', async () => {
    const key = await makeKey()
    const sealed = await sealEntry({ expiresAt: 1 }, place, key)
    const bytes = Uint8Array.from(atob(sealed.slice(2)), (character) => character.charCodeAt(0))
    for (const index of bytes.keys()) {
      const altered = bytes.with(index, (bytes[index] ?? 0) ^ 1)
      expect(await openEntry(`1.${btoa(String.fromCharCode(...altered))}`, place, [key])).toBeUndefined()
    }
  })

  it.each(['', '1.', '1.AAAA', '1.AAAAAAAAAAAAAAAA', '1.***', 'hello', '{"expiresAt":1}'])(
    'S1: %j is no entry',
    async (text) => {
      expect(await openEntry(text, place, [await makeKey()])).toBeUndefined()
    },
  )

  it('S1: is a miss if it has another schema', async () => {
    const key = await makeKey()
    const sealed = await sealEntry(token, place, key)
    expect(await openEntry(sealed.replace(/^1/, '2'), place, [key])).toBeUndefined()
  })

  it.each([null, [], 'text', {}, { expiresAt: '1' }, { expiresAt: Number.NaN }])(
    'S1: %j inside is no token',
    async (inside) => {
      const key = await makeKey()
      const sealed = await sealEntry(inside as never, place, key)
      expect(await openEntry(sealed, place, [key])).toBeUndefined()
    },
  )

  it('can be large', async () => {
    const key = await makeKey()
    const large = { expiresAt: 1, value: 'x'.repeat(300_000) }
    expect(await openEntry(await sealEntry(large, place, key), place, [key])).toEqual(large)
  })
})
