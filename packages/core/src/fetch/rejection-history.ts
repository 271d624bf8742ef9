import type { AccessToken } from '../acquire/access-token.ts'

/** What followed the rejections of one API, or of one URL of it, since it last accepted a token. */
interface Rejections {
  /** The token that was last replaced. All callers that report it share its replacement. */
  token: string
  /** How many tokens were replaced. */
  replaced: number
  replacedAt: number
  /** Rejections since then that were not followed by a replacement. */
  since: number
}

/** A rejected token that the next request replaces, because the request that it was sent with could not be repeated. */
export interface Unreplaced {
  readonly token: AccessToken
  /** Until then requests wait for its replacement, by `performance.now`; set by the first one. */
  waitUntil: number | undefined
}

/** Rejected tokens are replaced after so many milliseconds at the latest, doubled with each replacement. */
const firstWaitMs = 1000
const maxWaitMs = 600_000

/** A rejection so long after the last replacement is not one of a new token. */
const forgottenAfterMs = 3_600_000

/** APIs and their URLs, and grants, per client; the one whose token was not rejected for longest is evicted first. */
const maxEntries = 1000

/**
 * What APIs did with a client's tokens, for all its views. It slows down replacements for an API that rejects new tokens, too,
 * because the token is not the reason (rule L5). Of the rejections in a row, the 1st, 2nd, 3rd, 5th, 9th, 17th, ... lead to a
 * replacement.
 */
export class RejectionHistory {
  readonly #time: () => number
  /** By identity and origin, and by identity, origin and path: an API may reject tokens at one of its URLs only. */
  readonly #rejections = new Map<string, Rejections>()
  readonly #unreplaced = new Map<string, Unreplaced>()

  /** @param time steady clock, in milliseconds */
  constructor(time: () => number) {
    this.#time = time
  }

  /** Whether no API has rejected a token since it last accepted one. */
  get isEmpty(): boolean {
    return this.#rejections.size === 0
  }

  /**
   * Notes that an API rejected a token.
   *
   * @param identity of the token's grant; see cache-key.ts
   * @returns whether to replace the token now
   */
  reject(identity: string, url: URL, token: string): boolean {
    const now = this.#time()
    const keys = keysOf(identity, url)
    if (!keys.every((key) => isReplacementDue(this.#rejections.get(key), token, now))) {
      for (const key of keys) {
        const rejections = this.#rejections.get(key)
        if (rejections !== undefined) rejections.since += 1
      }
      return false
    }
    for (const key of keys) {
      const before = this.#rejections.get(key)
      if (before?.token === token) continue
      const replaced = before === undefined || now - before.replacedAt >= forgottenAfterMs ? 0 : before.replaced
      this.#rejections.delete(key)
      this.#rejections.set(key, { token, replaced: replaced + 1, replacedAt: now, since: 0 })
    }
    evictOldest(this.#rejections)
    return true
  }

  /** Notes that an API accepted a token. */
  accept(identity: string, url: URL): void {
    for (const key of keysOf(identity, url)) this.#rejections.delete(key)
  }

  /** What the next request for that grant replaces. */
  unreplaced(identity: string): Unreplaced | undefined {
    return this.#unreplaced.size === 0 ? undefined : this.#unreplaced.get(identity)
  }

  /** Leaves the replacement of a rejected token to the next request. */
  postpone(identity: string, token: AccessToken): void {
    if (this.#unreplaced.get(identity)?.token === token) return
    this.#unreplaced.delete(identity)
    this.#unreplaced.set(identity, { token, waitUntil: undefined })
    evictOldest(this.#unreplaced)
  }

  /** The next request has replaced the token, or has tried to. */
  settle(identity: string, unreplaced: Unreplaced): void {
    if (this.#unreplaced.get(identity) === unreplaced) this.#unreplaced.delete(identity)
  }
}

function keysOf(identity: string, { origin, pathname }: URL): readonly [string, string] {
  const ofOrigin = `${identity} ${origin}`
  return [ofOrigin, ofOrigin + pathname]
}

function isReplacementDue(rejections: Rejections | undefined, token: string, now: number): boolean {
  if (rejections === undefined || rejections.token === token) return true
  const { replaced, replacedAt, since } = rejections
  const isOften = since + 1 >= 2 ** Math.max(0, replaced - 2)
  return isOften || now - replacedAt >= Math.min(maxWaitMs, firstWaitMs * 2 ** (replaced - 1))
}

function evictOldest(entries: Map<string, unknown>): void {
  for (const [oldest] of entries) {
    if (entries.size <= maxEntries) return
    entries.delete(oldest)
  }
}
