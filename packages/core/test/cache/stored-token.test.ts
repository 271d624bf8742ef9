import { describe, expect, it } from 'vitest'
import { createAccessToken } from '../../src/acquire/access-token.ts'
import type { AcquiredToken } from '../../src/acquire/acquire-token.ts'
import { fromStored, type Instant, toStored } from '../../src/cache/stored-token.ts'
import type { StoredToken } from '../../src/cache/token-store.ts'

const acquired: AcquiredToken = {
  token: createAccessToken({
    value: 'secret-value',
    type: 'Bearer',
    scopes: ['read'],
    expiresAt: new Date(3_601_000),
    extra: { organisation: 'x' },
  }),
  requestedAt: 501_000,
  lifetimeMs: 3_600_000,
  refreshInMs: 600_000,
  jitter: 0.25,
}
/** The steady clock is half a second ahead of the epoch here: 1,000 by the wall is 501,000. */
const instant: Instant = { now: 2000, time: 502_000 }
const createStored = (): StoredToken => toStored(acquired, [{ digest: 'x', at: 1 }], instant)

describe('stored token', () => {
  it('is the same after JSON, by the wall clock', () => {
    const json = JSON.parse(JSON.stringify(createStored()))
    expect(json).toMatchObject({ requestedAt: 1000, expiresAt: 3_599_000, lifetime: 3_600_000 })
    const back = fromStored(json, { now: 11_000, time: 77 })
    expect(back?.token.value).toBe('secret-value')
    expect(back?.token.scopes).toEqual(['read'])
    expect(back?.token.expiresAt).toEqual(new Date(3_601_000))
    expect(back?.token.extra).toEqual({ organisation: 'x' })
    expect(back).toMatchObject({ requestedAt: 77 - 10_000, lifetimeMs: 3_600_000, refreshInMs: 600_000, jitter: 0.25 })
  })

  it('keeps what is unknown unknown', () => {
    const token = createAccessToken({
      value: 'secret-value',
      type: 'Bearer',
      scopes: undefined,
      expiresAt: undefined,
      extra: {},
    })
    const unknown = { token, requestedAt: 501_000, lifetimeMs: undefined, refreshInMs: undefined }
    const entry = toStored(unknown, [], instant)
    expect(Object.values(entry)).not.toContain(undefined)
    const back = fromStored(JSON.parse(JSON.stringify(entry)), instant)
    expect(back).toMatchObject({ lifetimeMs: undefined, refreshInMs: undefined })
    expect([back?.token.expiresAt, back?.token.scopes]).toEqual([undefined, undefined])
  })

  it.each([undefined, null, 'text', 1])('S1: other fields that are %o are none, and the token is good', (extra) => {
    expect(fromStored({ ...createStored(), extra }, instant)?.token.extra).toEqual({})
  })

  it.each([undefined, null, '0.5', -0.1, 1, Number.NaN])(
    'S1: a jitter of %o is none, and the token is good',
    (jitter) => {
      const back = fromStored({ ...createStored(), jitter }, instant)
      expect(back?.token.value).toBe('secret-value')
      expect(back?.jitter).toBeUndefined()
    },
  )

  it('S2: a jitter of 0 is one', () => {
    expect(fromStored({ ...createStored(), jitter: 0 }, instant)?.jitter).toBe(0)
  })

  it('S1: a DPoP token is one, a token of another type is none', () => {
    expect(fromStored({ ...createStored(), type: 'DPoP' }, instant)?.token.type).toBe('DPoP')
    expect(fromStored({ ...createStored(), type: 'mac' }, instant)).toBeUndefined()
  })

  it('L10: a writer whose clock is ahead gives no token more life', () => {
    expect(fromStored(createStored(), { now: -4000, time: 5 })?.requestedAt).toBe(5)
  })

  it('L10: one that was asked for in the future is a miss: a clock was set back, and nobody knows its age', () => {
    expect(fromStored(createStored(), { now: -4001, time: 5 })).toBeUndefined()
  })

  it.each([
    ['a type that no header may carry', { type: 'Bea\nrer' }],
    ['another schema', { schema: 2 }],
    ['no schema', { schema: undefined }],
    ['no value', { value: undefined }],
    ['a value that no header may carry', { value: 'a\r\nb' }],
    ['no type', { type: 1 }],
    ['scopes that are none', { scopes: 'read' }],
    ['scopes of another kind', { scopes: [1] }],
    ['scopes of more than one kind', { scopes: ['read', 1] }],
    ['a request at no time', { requestedAt: Number.POSITIVE_INFINITY }],
    ['a request that was never made', { requestedAt: 'soon' }],
    ['a lifetime that is none', { lifetime: -1 }],
    ['no lifetime at all', { lifetime: 0 }],
    ['a lifetime that is text', { lifetime: '3600000' }],
    ['a lifetime without end', { lifetime: Number.POSITIVE_INFINITY }],
    ['a hint that is none', { refreshIn: '600' }],
  ])('S1: %s is a miss', (_what, wrong) => {
    expect(fromStored({ ...createStored(), ...wrong }, instant)).toBeUndefined()
  })

  it.each([undefined, JSON.parse('null'), JSON.parse('"secret-value"')])('S1: %o is a miss', (entry) => {
    expect(fromStored(entry, instant)).toBeUndefined()
  })
})
