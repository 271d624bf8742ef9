import type { AcquiredToken } from '../acquire/acquire-token.ts'
import { type Assertion, readAssertion, subjectOf } from '../acquire/assertion-source.ts'
import type { Credentials, GrantClient } from '../acquire/credentials.ts'
import type { PrivateKey } from '../acquire/private-key.ts'
import type { Provider } from '../acquire/provider.ts'
import type { Transport } from '../acquire/token-endpoint.ts'
import type { GrantRequest } from '../acquire/token-request.ts'
import type { Diagnostics } from '../diagnostics.ts'
import type { Emit } from '../events.ts'
import { resultWithin } from '../platform/deadline.ts'
import { digestCredential, isAcceptedFor, toProofKey } from './accepted-credentials.ts'
import { cacheKey } from './cache-key.ts'
import { acquireForFleet } from './fleet-request.ts'
import { guardStore, planStoreBudget } from './guarded-store.ts'
import { emptySlot, type Holder, openSlot, type StoreSlot } from './store-slot.ts'
import type { Instant } from './stored-token.ts'
import type { TokenStore } from './token-store.ts'

/**
 * Shares a client's tokens with other clients through a store. A client gets, deletes and waits for only what belongs to a
 * credential that it holds, and that the authorization server accepted (rule L3).
 */
export interface TokenSharing {
  /**
   * Finds the place of a grant's token in the store. Nothing is shared if the identity is not known, because the
   * source of its assertion failed or names no subject.
   *
   * @param seconds the request's time, of which the store gets its part
   * @throws what the credentials function throws: the key depends on the credentials
   */
  open(client: GrantClient, grant: GrantRequest, seconds: number, signal: AbortSignal): Promise<StoreSlot>
  /** A member, so that it is loaded with the store's code alone. */
  readonly acquireForFleet: typeof acquireForFleet
  /** Deletes the token of one identity, if the client's credential was accepted for it. */
  forget(client: GrantClient, grant: GrantRequest): Promise<void>
}

export interface TokenSharingOptions {
  readonly provider: Provider
  readonly store: TokenStore
  readonly transport: Pick<Transport, 'now' | 'time'>
  /** Seconds for the credentials that a key depends on. */
  readonly timeout: number
  readonly emit: Emit
  readonly diagnostics?: Diagnostics | undefined
  /** The client's, if the store is of one client. */
  readonly label?: string | undefined
}

/** Uses a store by identities and tokens instead of keys and entries. */
export function shareTokens(options: TokenSharingOptions): TokenSharing {
  const { provider, store, timeout, emit, diagnostics, label } = options
  const { now, time } = options.transport
  const guarded = guardStore(store, provider.name, emit, diagnostics, label)
  const endpoint = new URL((provider.tokenEndpoint ?? provider.issuer) as string | URL).href
  const source = provider.clientAuthentication?.source
  const proofKeys = new WeakMap<Credentials, PrivateKey>()
  const instant = (): Instant => ({ now: now(), time: time() })
  // The failure of a source is the grant's to report, and to retry.
  const askSource = async (): Promise<Assertion | undefined> =>
    source && (await readAssertion(source, now()).catch(() => undefined))
  const identify = async (
    client: GrantClient,
    credentials: Credentials,
    grant: GrantRequest,
    subject: string | undefined,
  ): Promise<Holder | undefined> => {
    if (source !== undefined && subject === undefined) return undefined
    const proofKey = proofKeys.get(credentials) ?? (await toProofKey(provider, credentials, subject))
    if (proofKey === undefined) return undefined
    // The next JWT of a source may be of another subject.
    if (source === undefined) proofKeys.set(credentials, proofKey)
    const thumbprint = await client.dpop?.thumbprint()
    const key = await cacheKey({ provider, endpoint, clientId: credentials.clientId, subject, thumbprint, grant })
    return { key, digest: await digestCredential(proofKey, key) }
  }
  return {
    async open(client, grant, seconds, signal) {
      const credentials = await client.read(signal, seconds)
      const assertion = await askSource()
      const subject = assertion && subjectOf(assertion)
      const holder = await identify(client, credentials, grant, subject)
      if (holder === undefined) return { ...emptySlot, assertion }
      // The server may have granted the token to other credentials, or for a later JWT of the source.
      const findWriter = async (acquired: AcquiredToken): Promise<Holder | undefined> => {
        const { grantedTo = credentials, grantedSubject = subject } = acquired
        return await identify(client, grantedTo, grant, grantedSubject ?? undefined)
      }
      return { ...openSlot(guarded, holder, findWriter, seconds, instant), assertion }
    },
    acquireForFleet,
    async forget(client, grant) {
      const find = async (signal: AbortSignal): Promise<Holder | undefined> => {
        const credentials = await client.read(signal, timeout)
        const assertion = await askSource()
        return await identify(client, credentials, grant, assertion && subjectOf(assertion))
      }
      // Without credentials there is no key, and so nothing to delete.
      const holder = await resultWithin(timeout, find)
      if (holder === undefined) return
      const stored = await guarded.get(holder.key, planStoreBudget(Number.POSITIVE_INFINITY))
      if (isAcceptedFor(stored, holder.digest)) await guarded.delete(holder.key, stored)
    },
  }
}
