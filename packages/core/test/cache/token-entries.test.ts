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
  const entries = new TokenEntries({ defaultGrant: own, defaultIdentity: grantIdentity(own), time: () => time })
  return {
    entries,
    advance(seconds: number) {
      time += seconds * 1000
    },
  }
}

const invalidClient = new NightlatchError('grant_refused', 'no', { status: 401, error: 'invalid_client' })
const invalidScope = new NightlatchError('grant_refused', 'no', { status: 400, error: 'invalid_scope' })

describe('token entries', () => {
  it("are one for each grant; the client's own is the default", () => {
    const { entries } = start()
    expect(entries.of(grantOf('read'))).toBe(entries.default)
    const write = entries.of(grantOf('write', 'read'))
    expect(entries.of(grantOf('read', 'write'))).toBe(write)
    expect(entries.of(own, 'known as this')).not.toBe(entries.default)
    expect(entries.list()).toEqual([entries.default, write, entries.of(own, 'known as this')])
    expect(entries.list(grantOf('write', 'read'))).toEqual([write])
  })

  it('hold at most a thousand besides the default; the least recently used without a request in flight is evicted', async () => {
    const { entries } = start()
    const { promise, resolve } = Promise.withResolvers<AccessToken>()
    const requesting = entries.of(grantOf('0'))
    const joined = requesting.flight().join(() => promise)
    const evicted = entries.of(grantOf('1'))
    evicted.accept(acquired('one'), 1000, random)
    const used = entries.of(grantOf('2'))
    for (let scope = 3; scope < 1000; scope += 1) entries.of(grantOf(`${scope}`))
    expect(entries.list()).toHaveLength(1001)
    expect(entries.of(grantOf('2'))).toBe(used)
    expect(evicted.token?.value).toBe('one')
    entries.of(grantOf('1000'))
    expect(entries.list()).toHaveLength(1001)
    // A view may still refer to it.
    expect(evicted.token).toBeUndefined()
    expect(entries.of(grantOf('0'))).toBe(requesting)
    expect(entries.of(grantOf('2'))).toBe(used)
    expect(entries.of(grantOf('1'))).not.toBe(evicted)
    resolve(acquired('zero').token)
    await joined
  })

  it('are busy while any of them has a request in flight', async () => {
    const { entries } = start()
    const { promise, resolve } = Promise.withResolvers<AccessToken>()
    expect(entries.busy).toBe(false)
    const joined = entries
      .of(grantOf('write'))
      .flight()
      .join(() => promise)
    expect(entries.busy).toBe(true)
    resolve(acquired('one').token)
    await joined
    expect(entries.busy).toBe(false)
  })

  it('hold the tokens of all grants, or of one', () => {
    const { entries } = start()
    entries.default.accept(acquired('own'), 1000, random)
    entries.of(grantOf('write')).accept(acquired('other'), 1000, random)
    entries.of(grantOf('none'))
    expect(entries.held().map(({ value }) => value)).toEqual(['own', 'other'])
    expect(entries.held(grantOf('write')).map(({ value }) => value)).toEqual(['other'])
  })

  it('L7: a failure of the client is one of all its entries, until the server accepts it', () => {
    const { entries, advance } = start()
    const other = entries.of(grantOf('write'))
    entries.fail(entries.default, invalidClient, 0)
    expect([entries.findFailure(other, 2999), entries.findFailure(other, 3000)]).toEqual([invalidClient, undefined])
    expect(entries.default.cachedFailure).toBeUndefined()
    expect(entries.status(0, grantOf('write'))).toMatchObject({ state: 'refused', retryAt: new Date(2000) })
    advance(2)
    entries.fail(other, invalidClient, 0)
    // The second in a row is cached for twice as long.
    expect([entries.findFailure(entries.default, 6999), entries.findFailure(entries.default, 7000)]).toEqual([
      invalidClient,
      undefined,
    ])
    entries.succeed()
    expect(entries.findFailure(entries.default, 3000)).toBeUndefined()
  })

  it("L7: a grant's own failure is one of its entry only", () => {
    const { entries } = start()
    entries.fail(entries.default, invalidScope, 0)
    expect(entries.findFailure(entries.default, 1000)).toBe(invalidScope)
    expect(entries.findFailure(entries.of(grantOf('write')), 1000)).toBeUndefined()
    entries.fail(entries.default, undefined, 9000)
    expect(entries.status(0).retryAt).toEqual(new Date(8000))
  })

  it('L12: are cleared all, with the failure of the client, or one; tokens of a store from before are stale', () => {
    const { entries, advance } = start()
    const other = entries.of(grantOf('write'))
    for (const entry of [entries.default, other]) entry.accept(acquired('one'), 1000, random)
    entries.fail(other, invalidClient, 0)
    advance(10)
    expect(entries.clear(grantOf('write'))).toEqual([other])
    expect(entries.held()).toHaveLength(1)
    expect(entries.findFailure(other, 1000)).toBeUndefined()
    expect(entries.of(grantOf('new')).isNewer(acquired('stored', 10_999))).toBe(true)
    advance(10)
    expect(entries.clear()).toHaveLength(3)
    expect(entries.held()).toEqual([])
    expect(entries.of(grantOf('newest')).isNewer(acquired('stored', 21_000))).toBe(false)
    expect(entries.of(grantOf('newest')).isNewer(acquired('stored', 21_001))).toBe(true)
  })
})
