import type { AccessToken } from '../acquire/access-token.ts'
import type { Credentials } from '../acquire/credentials.ts'
import type { Provider } from '../acquire/provider.ts'
import type { GrantRequest } from '../acquire/token-request.ts'
import type { Emit } from '../events.ts'
import { cacheKey } from './cache-key.ts'
import { guardStore } from './guarded-store.ts'
import { fromStored, toStored } from './stored-token.ts'
import type { TokenStore } from './token-store.ts'

/** Tokens shared with others through a store. */
export interface SharedTokens {
  /** The token others left, and until when (milliseconds since the epoch) it may be handed out. */
  read(grant: GrantRequest): Promise<{ readonly token: AccessToken; readonly until: number } | undefined>
  write(grant: GrantRequest, token: AccessToken, until: number): Promise<void>
  forget(grant: GrantRequest): Promise<void>
}

/** A store as a client uses it: by identities instead of keys, by tokens instead of entries. */
export function shareTokens(
  provider: Provider<unknown>,
  store: TokenStore,
  readCredentials: () => Promise<Credentials>,
  emit: Emit,
): SharedTokens {
  const guarded = guardStore(store, provider.name, emit)
  const endpoint = new URL((provider.tokenEndpoint ?? provider.issuer) as string | URL).href
  const keyOf = async (grant: GrantRequest): Promise<string> => {
    const { clientId } = await readCredentials()
    return cacheKey({ provider, endpoint, clientId, grant })
  }
  return {
    async read(grant) {
      const stored = await guarded.get(await keyOf(grant))
      const token = fromStored(stored)
      return stored === undefined || token === undefined ? undefined : { token, until: stored.expiresAt }
    },
    async write(grant, token, until) {
      await guarded.set(await keyOf(grant), toStored(token, until))
    },
    async forget(grant) {
      await guarded.delete(await keyOf(grant))
    },
  }
}
