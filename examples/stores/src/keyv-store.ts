import { isDeepStrictEqual } from 'node:util'
import type { StoredToken, TokenStore } from '@nightlatch/core'
import type { Keyv } from 'keyv'

/** Tokens in a backend of Keyv, without a lock. */
export function keyvStore(keyv: Keyv): TokenStore {
  return {
    get: (key) => keyv.get<StoredToken>(key),
    async set(key, token) {
      const milliseconds = token.expiresAt - Date.now()
      // For Keyv, 0 means for ever.
      if (milliseconds <= 0) await keyv.delete(key)
      // With a listener for `error`, Keyv returns false and throws nothing.
      else if (!(await keyv.set(key, token, milliseconds)))
        throw new Error('keyv did not keep the token')
    },
    async delete(key, token) {
      if (
        token === undefined ||
        isDeepStrictEqual(await keyv.get(key), token)
      )
        await keyv.delete(key)
    },
  }
}
