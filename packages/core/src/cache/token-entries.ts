import type { AccessToken } from '../acquire/access-token.ts'
import { isClientRejected } from '../acquire/client-rejection.ts'
import type { GrantRequest } from '../acquire/token-request.ts'
import type { NightlatchError } from '../errors.ts'
import { grantIdentity } from './cache-key.ts'
import { type CachedFailure, planCachedFailure } from './cached-failure.ts'
import { TokenEntry } from './token-entry.ts'
import type { TokenStatus } from './token-status.ts'

/**
 * What a client knows of its tokens: an entry for each grant, and a failure that applies to all of them. TokenSource extends it,
 * because an object of its own would take 40 bytes more per client.
 */
export class TokenEntries {
  protected readonly parts: TokenEntriesParts
  /** The entry of the client's own grant. */
  readonly defaultEntry: TokenEntry
  /** Entries of calls with scopes or parameters of their own; allocated with the first. */
  #others: Map<string, TokenEntry> | undefined
  /** The server rejected the client itself, so it applies to every entry. */
  #clientFailure: CachedFailure | undefined
  #forgottenAt: number | undefined

  constructor(parts: TokenEntriesParts) {
    this.parts = parts
    this.defaultEntry = new TokenEntry(parts.defaultGrant)
  }

  /** One grant's entry. An entry that was evicted holds no token. */
  entryOf(grant: GrantRequest, identity: string = grantIdentity(grant)): TokenEntry {
    const { defaultIdentity, time } = this.parts
    if (identity === defaultIdentity) return this.defaultEntry
    this.#others ??= new Map()
    const entry = this.#others.get(identity) ?? new TokenEntry(grant, this.#forgottenAt)
    this.#others.delete(identity)
    this.#others.set(identity, entry)
    if (this.#others.size > maxEntries) evictOldest(this.#others, time())
    return entry
  }

  /** @param grant whose entry; default: all */
  entries(grant?: GrantRequest): readonly TokenEntry[] {
    return grant === undefined ? [this.defaultEntry, ...(this.#others?.values() ?? [])] : [this.entryOf(grant)]
  }

  /** Whether a token request is in flight. */
  get busy(): boolean {
    return this.entries().some(({ busy }) => busy)
  }

  /**
   * The tokens in memory, expired ones included.
   *
   * @param grant whose token; default: all
   */
  held(grant?: GrantRequest): readonly AccessToken[] {
    return this.entries(grant).flatMap(({ token }) => token ?? [])
  }

  /**
   * What is known of a token.
   *
   * @param now milliseconds since the epoch
   * @param grant whose token; default: the client's own
   */
  status(now: number, grant?: GrantRequest): TokenStatus {
    const entry = grant === undefined ? this.defaultEntry : this.entryOf(grant)
    const time = this.parts.time()
    return entry.describe(time, this.#clientFailure, (instant) => new Date(now + instant - time))
  }

  /** The failure that a request for this entry's token fails with, instead of asking the server again. */
  cachedFailureOf(entry: TokenEntry, time: number): NightlatchError | undefined {
    return [this.#clientFailure, entry.cachedFailure].find((failure) => failure !== undefined && time < failure.until)
      ?.error
  }

  /** Records that a request for this entry's token failed: for all entries if the server rejected the client itself. */
  recordFailure(entry: TokenEntry, error: NightlatchError | undefined, retryAt: number): void {
    const time = this.parts.time()
    const isOfClient = error !== undefined && isClientRejected(error)
    if (isOfClient) this.#clientFailure = planCachedFailure(error, time, this.#clientFailure)
    entry.fail(isOfClient ? undefined : error, retryAt, time)
    entry.delayRetry(this.#clientFailure)
  }

  /** Records that the server accepts the client. */
  recordSuccess(): void {
    this.#clientFailure = undefined
  }

  /**
   * Drops the tokens and failures.
   *
   * @param grant whose; default: all
   * @returns the entries that were cleared
   */
  clear(grant?: GrantRequest): readonly TokenEntry[] {
    const time = this.parts.time()
    const cleared = this.entries(grant)
    if (grant === undefined) this.#forgottenAt = time
    this.#clientFailure = undefined
    for (const entry of cleared) entry.clear(time)
    return cleared
  }
}

export interface TokenEntriesParts {
  readonly defaultGrant: GrantRequest
  /** The default grant's scopes and parameters as text. */
  readonly defaultIdentity: string
  /** Steady clock, in milliseconds. */
  readonly time: () => number
}

/** Entries for scopes or parameters of single calls, per client; the least recently used is evicted first. */
const maxEntries = 1000

/** An entry with a request in flight stays: its callers would start a second one. */
function evictOldest(entries: Map<string, TokenEntry>, time: number): void {
  for (const [identity, entry] of entries) {
    if (entry.busy) continue
    entries.delete(identity)
    // A view may still refer to it, and forget() does not reach it any more.
    entry.clear(time)
    return
  }
}
