import type { AcquiredToken, CredentialsOf } from '../acquire/acquire-token.ts'
import { readAssertion, subjectOf } from '../acquire/assertion-source.ts'
import type { Provider } from '../acquire/provider.ts'
import type { Transport } from '../acquire/token-endpoint.ts'
import type { GrantRequest } from '../acquire/token-request.ts'
import type { Diagnostics } from '../diagnostics.ts'
import type { Emit } from '../events.ts'
import { withDeadline } from '../platform/deadline.ts'
import { cacheKey } from './cache-key.ts'
import { type GuardedStore, guardStore, planStoreBudget, type ReleaseLock } from './guarded-store.ts'
import { fromStored, type Instant, toStored } from './stored-token.ts'
import type { TokenStore } from './token-store.ts'

/** Tokens shared with other clients through a store. */
export interface SharedTokens {
  /**
   * The shared token of one identity, as one token request uses it. Nothing is shared if the identity is not known, because the
   * source of its assertion failed or names no subject.
   *
   * @param seconds the request's time, of which the store gets its part
   * @throws what the credentials function throws: the key depends on the credentials
   */
  open(client: CredentialsOf, grant: GrantRequest, seconds: number, signal: AbortSignal): Promise<SharedToken>
  /** Deletes the token of one identity. */
  forget(client: CredentialsOf, grant: GrantRequest): Promise<void>
}

/** One identity's token in the store, as one token request uses it. */
export interface SharedToken {
  read(): Promise<AcquiredToken | undefined>
  write(acquired: AcquiredToken): Promise<void>
  /** Deletes the token, whoever wrote it. */
  forget(): Promise<void>
  /**
   * The right to request a token for all who share it.
   *
   * @param takeover 0 for the first process, 1 for one that takes over from an owner that does not deliver
   * @param ttl seconds
   * @returns the lock; `'held'` if another process has it; `undefined` if the store has no locks, or failed
   */
  lock(takeover: number, ttl: number): Promise<ReleaseLock | 'held' | undefined>
  /** Lets the other processes know for so many seconds that a background refresh failed. */
  markFailure(seconds: number): Promise<void>
  isFailureMarked(): Promise<boolean>
}

/**
 * Uses a store by identities and tokens instead of keys and entries.
 *
 * @param timeout seconds for the credentials that a key depends on
 * @param label the client's, if the store is of one client
 */
export function shareTokens(
  provider: Provider,
  store: TokenStore,
  { now, time }: Transport,
  timeout: number,
  emit: Emit,
  diagnostics?: Diagnostics,
  label?: string,
): SharedTokens {
  const guarded = guardStore(store, provider.name, emit, diagnostics, label)
  const endpoint = new URL((provider.tokenEndpoint ?? provider.issuer) as string | URL).href
  const source = provider.clientAuthentication?.source
  /** `undefined` if the subject of the assertion is not known. */
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
      const timeoutError = (): Error => new Error('the credentials were not read in time')
      try {
        const key = await withDeadline(timeout, timeoutError, (signal) => keyOf(client, grant, signal))
        if (key !== undefined) await guarded.delete(key)
      } catch {
        // Without credentials there is no key, and so no entry to delete.
      }
    },
  }
}

/** A token that is not shared. */
const unshared: SharedToken = {
  read: async () => undefined,
  write: async () => {},
  forget: async () => {},
  lock: async () => undefined,
  markFailure: async () => {},
  isFailureMarked: async () => false,
}

function openKey(store: GuardedStore, key: string, seconds: number, instant: () => Instant): SharedToken {
  let budget = planStoreBudget(seconds)
  const markerKey = `${key}.failed`
  return {
    read: async () => fromStored(await store.get(key, budget), instant()),
    write: (acquired) => store.set(key, toStored(acquired, instant()), budget),
    forget: () => store.delete(key),
    async lock(takeover, ttl) {
      if (!store.locks) return undefined
      const lock = await store.lock(takeover === 0 ? key : `${key}.${takeover}`, ttl, budget)
      // The store works: from here on the request waits for another process, so the store's budget starts again.
      if (lock === 'held') budget = planStoreBudget(seconds)
      return lock
    },
    markFailure: (seconds) => store.set(markerKey, { expiresAt: Math.round(instant().now + seconds * 1000) }, budget),
    async isFailureMarked() {
      const marker = await store.get(markerKey, budget)
      return Number(marker?.expiresAt) > instant().now
    },
  }
}
