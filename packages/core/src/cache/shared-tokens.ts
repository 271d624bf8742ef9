import { type AcquiredToken, type CredentialsOf, type GrantTerms, tellUntried } from '../acquire/acquire-token.ts'
import { waitFor, withDeadline } from '../acquire/deadline.ts'
import type { Provider } from '../acquire/provider.ts'
import type { Transport } from '../acquire/token-endpoint.ts'
import type { GrantRequest } from '../acquire/token-request.ts'
import type { Diagnostics } from '../diagnostics.ts'
import { LatchkeyError } from '../errors.ts'
import type { Emit } from '../events.ts'
import { cacheKey } from './cache-key.ts'
import { guardStore } from './guarded-store.ts'
import { fromStored, toStored } from './stored-token.ts'
import type { TokenStore } from './token-store.ts'

/** Tokens shared with others through a store. */
export interface SharedTokens {
  /** The token others left. */
  read(client: CredentialsOf, grant: GrantRequest, terms: GrantTerms): Promise<AcquiredToken | undefined>
  /** @param seconds of the flight that brought it */
  write(client: CredentialsOf, grant: GrantRequest, acquired: AcquiredToken, seconds: number): Promise<void>
  forget(client: CredentialsOf, grant: GrantRequest): Promise<void>
}

/**
 * A store as a client uses it: by identities instead of keys, by tokens instead of entries.
 *
 * @param timeout seconds for credentials that a key needs
 */
export function shareTokens(
  provider: Provider<unknown>,
  store: TokenStore,
  { now, time }: Transport,
  timeout: number,
  emit: Emit,
  diagnostics?: Diagnostics,
): SharedTokens {
  const guarded = guardStore(store, provider.name, emit, diagnostics)
  const endpoint = new URL((provider.tokenEndpoint ?? provider.issuer) as string | URL).href
  const keyOf = async (client: CredentialsOf, grant: GrantRequest, signal?: AbortSignal): Promise<string> => {
    const { clientId } = await client.read(signal)
    const thumbprint = await client.dpop?.thumbprint()
    return cacheKey({ provider, endpoint, clientId, thumbprint, grant })
  }
  /** Without credentials there is no grant either: that is told here, where it ends. */
  const keyForGrant = async (client: CredentialsOf, grant: GrantRequest, terms: GrantTerms): Promise<string> => {
    const { signal, ahead } = terms
    const startedAt = time()
    try {
      return await waitFor(keyOf(client, grant, signal), signal)
    } catch (failure) {
      if (failure instanceof LatchkeyError || !signal.aborted) {
        const duration = (time() - startedAt) / 1000
        const error = tellUntried(provider, failure)
        emit({ type: 'token.refused', provider: provider.name, duration, attempt: 1, ahead, error })
      }
      throw failure
    }
  }
  /** Without credentials there is no key, and nothing of this client's to write or to delete. */
  const keyIfThereIsOne = async (client: CredentialsOf, grant: GrantRequest): Promise<string | undefined> => {
    const late = (): Error => new Error('the credentials do not come')
    try {
      return await withDeadline(timeout, late, (signal) => keyOf(client, grant, signal))
    } catch {
      return undefined
    }
  }
  return {
    async read(client, grant, terms) {
      const { timeout } = terms
      const key = await keyForGrant(client, grant, terms)
      return fromStored(await guarded.get(key, timeout), { now: now(), time: time() })
    },
    async write(client, grant, acquired, seconds) {
      const key = await keyIfThereIsOne(client, grant)
      if (key !== undefined) await guarded.set(key, toStored(acquired, { now: now(), time: time() }), seconds)
    },
    async forget(client, grant) {
      const key = await keyIfThereIsOne(client, grant)
      if (key !== undefined) await guarded.delete(key)
    },
  }
}
