import { isDeepStrictEqual } from 'node:util'
import type { StoredToken, TokenStore } from '@nightlatch/core'
import type { Keyv } from 'keyv'

/** Tokens in whatever Keyv keeps its values in. It has no lock, so single flight stays within the process. */
export function keyvStore(keyv: Keyv): TokenStore {
  return {
    get: (key) => keyv.get<StoredToken>(key),
    async set(key, token) {
      const milliseconds = token.expiresAt - Date.now()
      // Keyv takes 0 for ever.
      if (milliseconds <= 0) await keyv.delete(key)
      // Where somebody listens to its errors it answers with false, and throws nothing.
      else if (!(await keyv.set(key, token, milliseconds))) throw new Error('keyv did not keep the token')
    },
    async delete(key, token) {
      if (token === undefined || isDeepStrictEqual(await keyv.get(key), token)) await keyv.delete(key)
    },
  }
}
