import { describe, expect, it } from 'vitest'
import { type AccessToken, createAccessToken } from '../../src/acquire/access-token.ts'
import type { AcquiredToken } from '../../src/acquire/acquire-token.ts'
import type { GrantRequest } from '../../src/acquire/token-request.ts'
import { grantIdentity } from '../../src/cache/cache-key.ts'
import { TokenEntries } from '../../src/cache/token-entries.ts'
import { NightlatchError } from '../../src/errors.ts'

const grantOf = (...scopes: string[]): GrantRequest => ({ scopes, parameters: {} })
const own = grantOf('read')
const random = (): number => 0

/** A token of an hour, requested at so many milliseconds. */
function acquired(value: string, requestedAt = 1000): AcquiredToken {
  const token = createAccessToken({ value, type: 'Bearer', scopes: undefined, expiresAt: undefined, extra: {} })
  return { token, requestedAt, lifetimeMs: 3_600_000, refreshInMs: undefined }
}

function start() {
  let time = 1000
  const tokens = new TokenEntries({ defaultGrant: own, defaultIdentity: grantIdentity(own), time: () => time })
  return {
    tokens,
    advance(seconds: number) {
      time += seconds * 1000
    },
  }
}

const invalidClient = new NightlatchError('grant_refused', 'no', { status: 401, error: 'invalid_client' })
const invalidScope = new NightlatchError('grant_refused', 'no', { status: 400, error: 'invalid_scope' })

describe('token entries', () => {
  it("are one for each grant; the client's own is the default", () => {
    const { tokens } = start()
    expect(tokens.entryOf(grantOf('read'))).toBe(tokens.defaultEntry)
    const write = tokens.entryOf(grantOf('write', 'read'))
    expect(tokens.entryOf(grantOf('read', 'write'))).toBe(write)
    expect(tokens.entryOf(own, 'known as this')).not.toBe(tokens.defaultEntry)
    expect(tokens.entries()).toEqual([tokens.defaultEntry, write, tokens.entryOf(own, 'known as this')])
    expect(tokens.entries(grantOf('write', 'read'))).toEqual([write])
  })

  it('hold at most a thousand besides the default; the least recently used without a request in flight is evicted', async () => {
    const { tokens } = start()
    const { promise, resolve } = Promise.withResolvers<AccessToken>()
    const requesting = tokens.entryOf(grantOf('0'))
    const joined = requesting.flight().join(() => promise)
    const evicted = tokens.entryOf(grantOf('1'))
    evicted.accept(acquired('one'), 1000, random)
    const used = tokens.entryOf(grantOf('2'))
    for (let scope = 3; scope < 1000; scope += 1) tokens.entryOf(grantOf(`${scope}`))
    expect(tokens.entries()).toHaveLength(1001)
    expect(tokens.entryOf(grantOf('2'))).toBe(used)
    expect(evicted.token?.value).toBe('one')
    tokens.entryOf(grantOf('1000'))
    expect(tokens.entries()).toHaveLength(1001)
    // A view may still refer to it.
    expect(evicted.token).toBeUndefined()
    expect(tokens.entryOf(grantOf('0'))).toBe(requesting)
    expect(tokens.entryOf(grantOf('2'))).toBe(used)
    expect(tokens.entryOf(grantOf('1'))).not.toBe(evicted)
    resolve(acquired('zero').token)
    await joined
  })

  it('are busy while any of them has a request in flight', async () => {
    const { tokens } = start()
    const { promise, resolve } = Promise.withResolvers<AccessToken>()
    expect(tokens.busy).toBe(false)
    const joined = tokens
      .entryOf(grantOf('write'))
      .flight()
      .join(() => promise)
    expect(tokens.busy).toBe(true)
    resolve(acquired('one').token)
    await joined
    expect(tokens.busy).toBe(false)
  })

  it('hold the tokens of all grants, or of one', () => {
    const { tokens } = start()
    tokens.defaultEntry.accept(acquired('own'), 1000, random)
    tokens.entryOf(grantOf('write')).accept(acquired('other'), 1000, random)
    tokens.entryOf(grantOf('none'))
    expect(tokens.held().map(({ value }) => value)).toEqual(['own', 'other'])
    expect(tokens.held(grantOf('write')).map(({ value }) => value)).toEqual(['other'])
  })

  it('L7: a failure of the client is one of all its entries, until the server accepts it', () => {
    const { tokens, advance } = start()
    const other = tokens.entryOf(grantOf('write'))
    tokens.recordFailure(tokens.defaultEntry, invalidClient, 0)
    expect([tokens.cachedFailureOf(other, 2999), tokens.cachedFailureOf(other, 3000)]).toEqual([
      invalidClient,
      undefined,
    ])
    expect(tokens.defaultEntry.cachedFailure).toBeUndefined()
    expect(tokens.status(0, grantOf('write'))).toMatchObject({ state: 'refused', retryAt: new Date(2000) })
    advance(2)
    tokens.recordFailure(other, invalidClient, 0)
    // The second in a row is cached for twice as long.
    expect([
      tokens.cachedFailureOf(tokens.defaultEntry, 6999),
      tokens.cachedFailureOf(tokens.defaultEntry, 7000),
    ]).toEqual([invalidClient, undefined])
    tokens.recordSuccess()
    expect(tokens.cachedFailureOf(tokens.defaultEntry, 3000)).toBeUndefined()
  })

  it('L7: while a failure of the client is cached, no background refresh starts', () => {
    const { tokens } = start()
    const entry = tokens.defaultEntry
    // Due for a refresh, and served.
    entry.accept(acquired('one', 1000 - 3_500_000), 1000, random)
    tokens.recordFailure(entry, invalidClient, 0)
    expect([2999, 3000].map((time) => entry.decide(time))).toEqual(['serve', 'serve-and-refresh'])
  })

  it("L7: a grant's own failure is one of its entry only", () => {
    const { tokens } = start()
    tokens.recordFailure(tokens.defaultEntry, invalidScope, 0)
    expect(tokens.cachedFailureOf(tokens.defaultEntry, 1000)).toBe(invalidScope)
    expect(tokens.cachedFailureOf(tokens.entryOf(grantOf('write')), 1000)).toBeUndefined()
    tokens.recordFailure(tokens.defaultEntry, undefined, 9000)
    expect(tokens.status(0).retryAt).toEqual(new Date(8000))
  })

  it('L12: are cleared all, with the failure of the client, or one; tokens of a store from before are stale', () => {
    const { tokens, advance } = start()
    const other = tokens.entryOf(grantOf('write'))
    for (const entry of [tokens.defaultEntry, other]) entry.accept(acquired('one'), 1000, random)
    tokens.recordFailure(other, invalidClient, 0)
    advance(10)
    expect(tokens.clear(grantOf('write'))).toEqual([other])
    expect(tokens.held()).toHaveLength(1)
    expect(tokens.cachedFailureOf(other, 1000)).toBeUndefined()
    expect(tokens.entryOf(grantOf('new')).isNewer(acquired('stored', 10_999))).toBe(true)
    advance(10)
    expect(tokens.clear()).toHaveLength(3)
    expect(tokens.held()).toEqual([])
    expect(tokens.entryOf(grantOf('newest')).isNewer(acquired('stored', 21_000))).toBe(false)
    expect(tokens.entryOf(grantOf('newest')).isNewer(acquired('stored', 21_001))).toBe(true)
  })
})
