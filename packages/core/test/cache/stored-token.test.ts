import { describe, expect, it } from 'vitest'
import { createAccessToken } from '../../src/acquire/access-token.ts'
import type { AcquiredToken } from '../../src/acquire/acquire-token.ts'
import { fromStored, type Instant, toStored } from '../../src/cache/stored-token.ts'

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
const stored = toStored(acquired, [{ digest: 'x', at: 1 }], instant)

describe('stored token', () => {
  it('is the same after JSON, by the wall clock', () => {
    const json = JSON.parse(JSON.stringify(stored))
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
    expect(fromStored({ ...stored, extra }, instant)?.token.extra).toEqual({})
  })

  it.each([undefined, null, '0.5', -0.1, 1, Number.NaN])(
    'S1: a jitter of %o is none, and the token is good',
    (jitter) => {
      const back = fromStored({ ...stored, jitter }, instant)
      expect(back?.token.value).toBe('secret-value')
      expect(back?.jitter).toBeUndefined()
    },
  )

  it('S2: a jitter of 0 is one', () => {
    expect(fromStored({ ...stored, jitter: 0 }, instant)?.jitter).toBe(0)
  })

  it('S1: a DPoP token is one, a token of another type is none', () => {
    expect(fromStored({ ...stored, type: 'DPoP' }, instant)?.token.type).toBe('DPoP')
    expect(fromStored({ ...stored, type: 'mac' }, instant)).toBeUndefined()
  })

  it('L10: a writer whose clock is ahead gives no token more life', () => {
    expect(fromStored(stored, { now: -3000, time: 5 })?.requestedAt).toBe(5)
  })

  it('L10: one that was asked for in the future is a miss: a clock was set back, and nobody knows its age', () => {
    expect(fromStored(stored, { now: -3_600_000, time: 5 })).toBeUndefined()
  })

  it.each([
    ['nothing', undefined],
    ['a type that no header may carry', { ...stored, type: 'Bea\nrer' }],
    ['null', JSON.parse('null')],
    ['a text', JSON.parse('"secret-value"')],
    ['another schema', { ...stored, schema: 2 }],
    ['no schema', { expiresAt: 1 }],
    ['no value', { ...stored, value: undefined }],
    ['a value that no header may carry', { ...stored, value: 'a\r\nb' }],
    ['no type', { ...stored, type: 1 }],
    ['scopes that are none', { ...stored, scopes: 'read' }],
    ['scopes of another kind', { ...stored, scopes: [1] }],
    ['scopes of more than one kind', { ...stored, scopes: ['read', 1] }],
    ['a request at no time', { ...stored, requestedAt: Number.POSITIVE_INFINITY }],
    ['a request that was never made', { ...stored, requestedAt: 'soon' }],
    ['a lifetime that is none', { ...stored, lifetime: -1 }],
    ['no lifetime at all', { ...stored, lifetime: 0 }],
    ['a lifetime that is text', { ...stored, lifetime: '3600000' }],
    ['a lifetime without end', { ...stored, lifetime: Number.POSITIVE_INFINITY }],
    ['a hint that is none', { ...stored, refreshIn: '600' }],
  ])('S1: %s is a miss', (_what, entry) => {
    expect(fromStored(entry, instant)).toBeUndefined()
  })
})
