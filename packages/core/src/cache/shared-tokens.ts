import type { AcquiredToken, CredentialsOf } from '../acquire/acquire-token.ts'
import type { Provider } from '../acquire/provider.ts'
import type { Transport } from '../acquire/token-endpoint.ts'
import type { GrantRequest } from '../acquire/token-request.ts'
import type { Emit } from '../events.ts'
import { cacheKey } from './cache-key.ts'
import { guardStore } from './guarded-store.ts'
import { fromStored, toStored } from './stored-token.ts'
import type { TokenStore } from './token-store.ts'

/** Tokens shared with others through a store. */
export interface SharedTokens {
  /** The token others left. */
  read(client: CredentialsOf, grant: GrantRequest): Promise<AcquiredToken | undefined>
  write(client: CredentialsOf, grant: GrantRequest, acquired: AcquiredToken): Promise<void>
  forget(client: CredentialsOf, grant: GrantRequest): Promise<void>
}

/** A store as a client uses it: by identities instead of keys, by tokens instead of entries. */
export function shareTokens(
  provider: Provider<unknown>,
  store: TokenStore,
  { now, time }: Transport,
  emit: Emit,
): SharedTokens {
  const guarded = guardStore(store, provider.name, emit)
  const endpoint = new URL((provider.tokenEndpoint ?? provider.issuer) as string | URL).href
  const keyOf = async (client: CredentialsOf, grant: GrantRequest): Promise<string> => {
    const { clientId } = await client.read()
    return cacheKey({ provider, endpoint, clientId, grant })
  }
  return {
    async read(client, grant) {
      return fromStored(await guarded.get(await keyOf(client, grant)), { now: now(), time: time() })
    },
    async write(client, grant, acquired) {
      await guarded.set(await keyOf(client, grant), toStored(acquired, { now: now(), time: time() }))
    },
    async forget(client, grant) {
      await guarded.delete(await keyOf(client, grant))
    },
  }
}
