import { memoryStore, type StoredToken } from '@nightlatch/core'
import { testTokenStore } from '@nightlatch/testing'
import { Keyv } from 'keyv'
import { beforeAll, describe, expect, it } from 'vitest'
import { encryptedStore } from '../src/encrypted-store.ts'
import { keyvStore } from '../src/keyv-store.ts'

const createKey = async (): Promise<CryptoKey> =>
  crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])

describe('encrypted', () => {
  let key: CryptoKey
  beforeAll(async () => {
    key = await createKey()
  })
  const expiresAt = Date.now() + 60_000
  const token: StoredToken = { expiresAt, value: 'not for the eyes of the store' }

  describe('in memory', () => {
    const memory = memoryStore()
    testTokenStore(() => encryptedStore(memory, [key]), {
      describe,
      it,
      lock: memory.lock !== undefined,
      shortLife: 0.2,
    })
  })

  describe('in keyv', () => {
    const keyv = new Keyv()
    testTokenStore(() => encryptedStore(keyvStore(keyv), [key]), {
      describe,
      it,
      lock: false,
      atomicDelete: false,
      shortLife: 0.2,
    })
  })

  it('shows the store nothing of a token but its end', async () => {
    const memory = memoryStore()
    await encryptedStore(memory, [key]).set('k', token)
    const stored = await memory.get('k')
    expect(stored).toEqual({ expiresAt, iv: expect.any(String), data: expect.any(String) })
    expect(Buffer.from(String(stored?.data), 'base64').includes('eyes')).toBe(false)
  })

  it('takes an entry for a miss that was moved, altered, prolonged, or written by others', async () => {
    const memory = memoryStore()
    const store = encryptedStore(memory, [key])
    await store.set('k', token)
    const stored = await memory.get('k')
    const tampered: StoredToken[] = [
      { ...stored, expiresAt: expiresAt + 1 },
      { ...stored, expiresAt, data: `AAAA${String(stored?.data).slice(4)}` },
      { ...stored, expiresAt, iv: 'AAAA' },
      { expiresAt, value: 'in the clear' },
    ]
    for (const one of tampered) {
      await memory.set('k', one)
      expect(await store.get('k')).toBeUndefined()
    }
    await memory.set('other', { ...stored, expiresAt })
    expect(await store.get('other')).toBeUndefined()
  })

  it('goes on with the tokens of an old key while there is a new one', async () => {
    const memory = memoryStore()
    await encryptedStore(memory, [key]).set('k', token)
    const next = await createKey()
    const both = encryptedStore(memory, [next, key])
    expect(await both.get('k')).toEqual(token)
    await both.set('k', token)
    expect(await encryptedStore(memory, [next]).get('k')).toEqual(token)
    expect(await encryptedStore(memory, [key]).get('k')).toBeUndefined()
  })
})
