import type { AcquiredToken, CredentialsOf } from '../acquire/acquire-token.ts'
import { readAssertion, subjectOf } from '../acquire/assertion-source.ts'
import type { Provider } from '../acquire/provider.ts'
import type { Transport } from '../acquire/token-endpoint.ts'
import type { GrantRequest } from '../acquire/token-request.ts'
import type { Diagnostics } from '../diagnostics.ts'
import type { Emit } from '../events.ts'
import { withDeadline } from '../platform/deadline.ts'
import { cacheKey } from './cache-key.ts'
import { type GuardedStore, guardStore, planStoreTime, type ReleaseLock } from './guarded-store.ts'
import { fromStored, toStored } from './stored-token.ts'
import type { TokenStore } from './token-store.ts'

/** Tokens shared with others through a store. */
export interface SharedTokens {
  /**
   * Where an identity's token is shared, for one flight of so many seconds.
   * If the identity is not known, because the source of its assertion failed or names no subject, nothing is shared.
   *
   * @throws what the credentials function throws: without credentials there is no key
   */
  open(client: CredentialsOf, grant: GrantRequest, seconds: number, signal: AbortSignal): Promise<SharedToken>
  forget(client: CredentialsOf, grant: GrantRequest): Promise<void>
  /** Does nothing more behind the callers' backs. */
  close(): void
}

/** One identity's token, shared with others, as one flight sees it. */
export interface SharedToken {
  /** The token others left. */
  read(): Promise<AcquiredToken | undefined>
  write(acquired: AcquiredToken): Promise<void>
  /** Drops what this flight or another wrote. */
  forget(): Promise<void>
  /**
   * The right to ask for a token on behalf of all who share it.
   *
   * @param rank 0 for the first who asks; the next for one who steps in for an owner who is not heard of; `'refused'` for the
   *   mark that somebody was refused, which is taken and not let go
   * @param ttl seconds
   * @returns `'held'`: another has it; `undefined`: nobody can tell
   */
  lock(rank: number | 'refused', ttl: number): Promise<ReleaseLock | 'held' | undefined>
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
  const guarded = guardStore(store, provider.name, emit, { now, diagnostics })
  const endpoint = new URL((provider.tokenEndpoint ?? provider.issuer) as string | URL).href
  const source = provider.clientAuthentication?.source
  /** `undefined`: it is not known whose the assertion is. */
  const keyOf = async (
    client: CredentialsOf,
    grant: GrantRequest,
    signal?: AbortSignal,
  ): Promise<string | undefined> => {
    const { clientId } = await client.read(signal)
    // The failure of a source is the grant's to report, and to retry.
    const subject = source && (await readAssertion(source, now()).then(subjectOf, () => undefined))
    if (source !== undefined && subject === undefined) return undefined
    const thumbprint = await client.dpop?.thumbprint()
    return cacheKey({ provider, endpoint, clientId, subject, thumbprint, grant })
  }
  return {
    async open(client, grant, seconds, signal) {
      const key = await keyOf(client, grant, signal)
      return key === undefined ? unshared : openKey(guarded, key, seconds, () => ({ now: now(), time: time() }))
    },
    async forget(client, grant) {
      const late = (): Error => new Error('the credentials do not come')
      try {
        const key = await withDeadline(timeout, late, (signal) => keyOf(client, grant, signal))
        if (key !== undefined) await guarded.delete(key)
      } catch {
        // Without credentials there is no key, and nothing of this client's to delete.
      }
    },
    close: guarded.close,
  }
}

/** A token that stays with the request that got it. */
const unshared: SharedToken = {
  read: async () => undefined,
  write: async () => {},
  forget: async () => {},
  lock: async () => undefined,
}

function openKey(
  store: GuardedStore,
  key: string,
  seconds: number,
  instant: () => { now: number; time: number },
): SharedToken {
  let time = planStoreTime(seconds)
  return {
    read: async () => fromStored(await store.get(key, time), instant()),
    write: (acquired) => store.set(key, toStored(acquired, instant()), time),
    forget: () => store.delete(key),
    async lock(rank, ttl) {
      if (!store.locks) return undefined
      const lock = await store.lock(rank === 0 ? key : `${key}.${rank}`, ttl, time)
      // It works: from here on the flight waits for another process, and not for the store.
      if (lock === 'held') time = planStoreTime(seconds)
      return lock
    },
  }
}
