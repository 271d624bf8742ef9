import { isDeepStrictEqual } from 'node:util'
import type { StoredToken, TokenStore } from '@nightlatch/core'

/**
 * Encrypts with AES-256-GCM and binds each entry to its key, so that an
 * entry under another key is a miss.
 *
 * @param keys AES-GCM; the first encrypts, all decrypt
 */
export function encryptedStore(
  store: TokenStore,
  keys: readonly [CryptoKey, ...CryptoKey[]],
): TokenStore {
  const open = async (
    key: string,
    stored: StoredToken | undefined,
  ): Promise<StoredToken | undefined> => {
    if (stored === undefined) return undefined
    const { expiresAt, iv, data } = stored
    if (typeof iv !== 'string' || typeof data !== 'string') return undefined
    const parameters = {
      name: 'AES-GCM',
      iv: Buffer.from(iv, 'base64'),
      additionalData: bind(key, expiresAt),
    }
    for (const one of keys) {
      try {
        const text = await crypto.subtle.decrypt(
          parameters,
          one,
          Buffer.from(data, 'base64'),
        )
        return JSON.parse(new TextDecoder().decode(text))
      } catch {
        // Encrypted with another key, or altered.
      }
    }
    return undefined
  }
  return {
    get: async (key) => open(key, await store.get(key)),
    async set(key, token) {
      const { expiresAt } = token
      const iv = crypto.getRandomValues(new Uint8Array(12))
      const parameters = {
        name: 'AES-GCM',
        iv,
        additionalData: bind(key, expiresAt),
      }
      const text = new TextEncoder().encode(JSON.stringify(token))
      const data = Buffer.from(
        await crypto.subtle.encrypt(parameters, keys[0], text),
      )
      await store.set(key, {
        expiresAt,
        iv: Buffer.from(iv).toString('base64'),
        data: data.toString('base64'),
      })
    },
    async delete(key, token) {
      if (token === undefined) return store.delete(key)
      // No two encryptions are equal, so compare the one that was read.
      const stored = await store.get(key)
      if (isDeepStrictEqual(await open(key, stored), token))
        await store.delete(key, stored)
    },
    ...(store.lock === undefined ? {} : { lock: store.lock.bind(store) }),
  }
}

function bind(key: string, expiresAt: number): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${key} ${expiresAt}`)
}
