import type { AcquiredToken } from '../acquire/acquire-token.ts'
import { type Assertion, readAssertion, subjectOf } from '../acquire/assertion-source.ts'
import type { Credentials } from '../acquire/credentials.ts'
import type { PrivateKey } from '../acquire/private-key.ts'
import type { Provider } from '../acquire/provider.ts'
import type { CredentialsOf } from '../acquire/request-credentials.ts'
import type { Transport } from '../acquire/token-endpoint.ts'
import type { GrantRequest } from '../acquire/token-request.ts'
import type { Diagnostics } from '../diagnostics.ts'
import type { Emit } from '../events.ts'
import { withDeadline } from '../platform/deadline.ts'
import { addAccepted, digestCredential, isAcceptedFor } from './accepted-credentials.ts'
import { cacheKey } from './cache-key.ts'
import { toProofKey } from './credential-proof.ts'
import { acquireForFleet, type FleetRequest, type FoundToken } from './fleet-request.ts'
import { type GuardedStore, guardStore, planStoreBudget, type StoreBudget } from './guarded-store.ts'
import type { SharedToken } from './shared-token.ts'
import { fromStored, type Instant, toStored } from './stored-token.ts'
import type { StoredToken, TokenStore } from './token-store.ts'

/**
 * Tokens shared with other clients through a store. A client gets, deletes and waits for only what belongs to a credential
 * that it holds, and that the authorization server accepted (rule L3).
 */
export interface SharedTokens {
  /**
   * The shared token of one identity, as one token request uses it. Nothing is shared if the identity is not known, because the
   * source of its assertion failed or names no subject.
   *
   * @param seconds the request's time, of which the store gets its part
   * @throws what the credentials function throws: the key depends on the credentials
   */
  open(client: CredentialsOf, grant: GrantRequest, seconds: number, signal: AbortSignal): Promise<SharedToken>
  /** A token for the whole fleet; see fleet-request.ts. */
  acquire(opened: SharedToken, request: FleetRequest): Promise<FoundToken>
  /** Deletes the token of one identity, if the client's credential was accepted for it. */
  forget(client: CredentialsOf, grant: GrantRequest): Promise<void>
}

export interface SharedTokensOptions {
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
export function shareTokens(options: SharedTokensOptions): SharedTokens {
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
    client: CredentialsOf,
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
      if (holder === undefined) return { ...notShared, assertion }
      // The server may have granted the token to other credentials, or for a later JWT of the source.
      const findWriter = async (acquired: AcquiredToken): Promise<Holder | undefined> => {
        const { grantedTo = credentials, grantedSubject = subject ?? null } = acquired
        const isSame = grantedTo === credentials && grantedSubject === (subject ?? null)
        return isSame ? holder : await identify(client, grantedTo, grant, grantedSubject ?? undefined)
      }
      return { ...openShared(guarded, holder, findWriter, seconds, instant), assertion }
    },
    acquire: acquireForFleet,
    async forget(client, grant) {
      const timeoutError = (): Error => new Error('the credentials were not read in time')
      const find = async (signal: AbortSignal): Promise<Holder | undefined> => {
        const credentials = await client.read(signal, timeout)
        const assertion = await askSource()
        return await identify(client, credentials, grant, assertion && subjectOf(assertion))
      }
      // Without credentials there is no key, and so no entry to delete.
      const holder = await withDeadline(timeout, timeoutError, find).catch(() => undefined)
      if (holder === undefined) return
      const entry = await guarded.get(holder.key, planStoreBudget(Number.POSITIVE_INFINITY))
      if (isAcceptedFor(entry, holder.digest)) await guarded.delete(holder.key, entry)
    },
  }
}

/** A store key, and the digest of a credential for it. */
interface Holder {
  readonly key: string
  readonly digest: string
}

/** The characters of a digest that names of locks and markers show: they are not encrypted, so they must not help to guess a weak secret. */
const shownDigestLength = 2

/** For credentials that show no holder: the client gets its tokens from the server alone. */
const notShared: SharedToken = {
  read: async () => undefined,
  write: async () => {},
  forget: async () => {},
  lock: async () => undefined,
  markFailure: async () => {},
  isFailureMarked: async () => false,
}

function openShared(
  store: GuardedStore,
  { key, digest }: Holder,
  findWriter: (acquired: AcquiredToken) => Promise<Holder | undefined>,
  seconds: number,
  instant: () => Instant,
): SharedToken {
  let budget = planStoreBudget(seconds)
  /** For reads and locks while another process has the lock; what is left of the other one is for the write. */
  let waiting: StoreBudget | undefined
  let written: { readonly key: string; readonly entry: StoredToken } | undefined
  // A client whose credential is wrong neither holds up the others nor sees what they do.
  const lockKey = `${key}.${digest.slice(0, shownDigestLength)}`
  const markerKey = `${lockKey}.failed`
  return {
    async read() {
      const entry = await store.get(key, waiting ?? budget)
      return isAcceptedFor(entry, digest) ? fromStored(entry, instant()) : undefined
    },
    async write(acquired) {
      const writer = await findWriter(acquired)
      if (writer === undefined) return
      const accepted = addAccepted(await store.get(writer.key, budget), writer.digest, instant().now)
      const entry = toStored(acquired, accepted, instant())
      written = { key: writer.key, entry }
      await store.set(writer.key, entry, budget)
    },
    async forget() {
      if (written !== undefined) await store.delete(written.key, written.entry)
    },
    async lock(takeover, ttl, waitUntil) {
      if (!store.locks) return undefined
      const lock = await store.lock(takeover === 0 ? lockKey : `${lockKey}.${takeover}`, ttl, waiting ?? budget)
      // The store works: from here on the request waits for another process, so the store's budget starts again.
      if (lock === 'held') {
        budget = planStoreBudget(seconds)
        waiting = planStoreBudget(seconds, (waitUntil - performance.now()) / 1000)
      }
      return lock
    },
    async markFailure(seconds) {
      const expiresAt = Math.round(instant().now + seconds * 1000)
      await store.set(markerKey, { expiresAt, digest }, budget)
    },
    async isFailureMarked() {
      const marker = await store.get(markerKey, waiting ?? budget)
      return marker?.digest === digest && Number(marker.expiresAt) > instant().now
    },
  }
}
