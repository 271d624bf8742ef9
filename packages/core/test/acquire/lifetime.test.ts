import { describe, expect, it } from 'vitest'
import { findExpiry, type LifetimeEvidence, looksLikeMilliseconds, readLifetime } from '../../src/acquire/lifetime.ts'

const requestedAt = Date.parse('2026-11-20T12:00:00Z')
const inSeconds = (seconds: number): number => requestedAt + seconds * 1000

const silent: LifetimeEvidence = {
  expiresIn: undefined,
  expiresAt: undefined,
  accessToken: 'opaque',
  defaultLifetime: undefined,
  requestedAt,
  answeredAt: requestedAt,
  date: null,
  age: null,
}

function jwt(claims: unknown): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'ES512', typ: 'JWT' })}.${part(claims)}.c2lnbmF0dXJl`
}

const lies: readonly (readonly [string, unknown])[] = [
  ["Prevu3D's lifetime less the Unix time", -1_752_054_750],
  ["Prevu3D's lifetime less the Unix time, as text", '-1752054750'],
  ['zero', 0],
  ['less than a second, which would be a grant per call', 0.5],
  ['minus zero', -0],
  ['zero as text', '0'],
  ['null', null],
  ['nothing', undefined],
  ['an empty text', ''],
  ['a space', ' '],
  ['digits with a tail', '3600abc'],
  ['digits with a unit', '3600s'],
  ['digits with spaces', ' 3600 '],
  ['digits with a line break', '3600\n'],
  ['a decimal as text', '3600.5'],
  ['an exponent as text', '1e3'],
  ['a hexadecimal text', '0xe10'],
  ['a signed text', '+3600'],
  ['digits of another script', '\u0663\u0666\u0660\u0660'],
  ['NaN', Number.NaN],
  ['NaN as text', 'NaN'],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['Infinity as text', 'Infinity'],
  ['an ISO date', '2026-10-20T00:00:00Z'],
  ['a bare date', '2026-10-20'],
  ['a date object', new Date(requestedAt + 3_600_000)],
  ['a Unix time in milliseconds', requestedAt + 3_600_000],
  ['a Unix time in milliseconds, as text', String(requestedAt + 3_600_000)],
  ['a Unix time in seconds', requestedAt / 1000 + 3600],
  ['a Unix time in seconds, as text', String(requestedAt / 1000 + 3600)],
  ['ten years and a second', 3650 * 86_400 + 1],
  ['more digits than any lifetime has', '1'.repeat(400)],
  ['true', true],
  ['a list', [3600]],
  ['an object', { seconds: 3600 }],
  ['a BigInt', 3600n],
]

describe('readLifetime', () => {
  it.each([
    [3600, 3600],
    ['3600', 3600],
    ['0003600', 3600],
    [1, 1],
    [1.5, 1.5],
    [86_400, 86_400],
    [40 * 86_400, 40 * 86_400],
    [3650 * 86_400, 3650 * 86_400],
  ])('R2: %o is a valid lifetime', (said, seconds) => {
    expect(readLifetime(said)).toBe(seconds)
  })

  it.each(lies)('R2: %s is unknown', (_, said) => {
    expect(readLifetime(said)).toBeUndefined()
  })
})

describe('findExpiry', () => {
  it.each(lies)('R2: %s is never expired, never for ever: the default stands in', (_, expiresIn) => {
    expect(findExpiry({ ...silent, expiresIn, defaultLifetime: 600 })).toBe(inSeconds(600))
  })

  it.each(lies)('R2: %s without a default is unknown', (_, expiresIn) => {
    expect(findExpiry({ ...silent, expiresIn })).toBeUndefined()
  })

  it('R3: the response’s lifetime wins over its instant and the default, and is bounded by the exp', () => {
    const accessToken = jwt({ exp: inSeconds(900) / 1000 })
    const expiresAt = new Date(inSeconds(800))
    expect(findExpiry({ ...silent, expiresIn: 3600, expiresAt, accessToken, defaultLifetime: 600 })).toBe(
      inSeconds(900),
    )
    expect(findExpiry({ ...silent, expiresIn: 3600, expiresAt, defaultLifetime: 600 })).toBe(inSeconds(3600))
  })

  it("R3: a reader's expiresAt wins over a later exp of the token", () => {
    const accessToken = jwt({ exp: inSeconds(900) / 1000 })
    const expiresAt = new Date(inSeconds(800))
    expect(findExpiry({ ...silent, expiresIn: 0, expiresAt, accessToken, defaultLifetime: 600 })).toBe(inSeconds(800))
  })

  it.each([
    ['in the past', new Date(inSeconds(-1))],
    ['now', new Date(requestedAt)],
    ['invalid', new Date(Number.NaN)],
    ['in eleven years', new Date(inSeconds(11 * 365 * 86_400))],
    ['no Date at all', '2026-11-20T13:00:00Z'],
    ['a number', inSeconds(800)],
  ])("R2: a reader's expiresAt that is %s is unknown", (_, expiresAt) => {
    expect(findExpiry({ ...silent, expiresAt })).toBeUndefined()
    expect(findExpiry({ ...silent, expiresAt, defaultLifetime: 600 })).toBe(inSeconds(600))
  })

  it.each([
    ['behind', 3600],
    ['ahead', -3600],
  ])("R3: a reader's expiresAt is by the server's clock, and ours may be %s", (_, seconds) => {
    const date = new Date(requestedAt + seconds * 1000).toUTCString()
    const evidence = { ...silent, answeredAt: requestedAt, date }
    const expiresAt = new Date(inSeconds(seconds + 600))
    expect(findExpiry({ ...evidence, expiresAt })).toBe(inSeconds(600))
  })

  it("R3: a JWT's exp wins over the provider's default", () => {
    const accessToken = jwt({ exp: inSeconds(900) / 1000 })
    expect(findExpiry({ ...silent, accessToken, defaultLifetime: 600 })).toBe(inSeconds(900))
  })

  it('R3: a JWT with text beyond ASCII is read', () => {
    const accessToken = jwt({ name: 'Zoë ÿþ \u{1f511} ???>>>', exp: inSeconds(900) / 1000 })
    expect(accessToken).toMatch(/[-_]/)
    expect(findExpiry({ ...silent, accessToken })).toBe(inSeconds(900))
  })

  it.each([
    ['an hour behind', 3600],
    ['an hour ahead', -3600],
  ])("R3: the skew against the response's Date is subtracted: the client's clock %s", (_, ahead) => {
    const serverNow = requestedAt + ahead * 1000
    const accessToken = jwt({ exp: serverNow / 1000 + 900 })
    expect(findExpiry({ ...silent, accessToken, date: new Date(serverNow).toUTCString() })).toBe(inSeconds(900))
  })

  it('R3: the skew is measured when the response arrives, not when the request is sent', () => {
    const answeredAt = inSeconds(5)
    const accessToken = jwt({ exp: inSeconds(900) / 1000 })
    expect(findExpiry({ ...silent, accessToken, answeredAt, date: new Date(answeredAt).toUTCString() })).toBe(
      inSeconds(900),
    )
  })

  it('R3: an invalid Date means no skew', () => {
    const accessToken = jwt({ exp: inSeconds(900) / 1000 })
    expect(findExpiry({ ...silent, accessToken, date: 'yesterday' })).toBe(inSeconds(900))
  })

  it.each([
    ['is past', { exp: inSeconds(-60) / 1000 }],
    ['is 0', { exp: 0 }],
    ['is in milliseconds', { exp: inSeconds(900) }],
    ['is text', { exp: String(inSeconds(900) / 1000) }],
    ['is null', { exp: null }],
    ['is missing', { iat: requestedAt / 1000 }],
    ['has another name', { sessionExpires: inSeconds(900) / 1000, sessionExpiresAt: inSeconds(900) }],
  ])('R3: a JWT whose exp %s is ignored', (_, claims) => {
    expect(findExpiry({ ...silent, accessToken: jwt(claims) })).toBeUndefined()
    expect(findExpiry({ ...silent, accessToken: jwt(claims), defaultLifetime: 600 })).toBe(inSeconds(600))
  })

  it.each([
    ['opaque', 'tGzv3JOkF0XG5Qx2TlKWIA'],
    ['two parts', 'a.b'],
    ['two parts, the second one claims', jwt({ exp: inSeconds(900) / 1000 }).replace(/\.[^.]*$/, '')],
    ['five parts, encrypted', 'a.b.c.d.e'],
    ['five parts, the second one claims', `${jwt({ exp: inSeconds(900) / 1000 })}.d.e`],
    ['three parts, no Base64', 'a.*.c'],
    ['three parts, no JSON', `a.${btoa('not json')}.c`],
    ['three parts, an empty one', 'a..c'],
    ['a list of claims', jwt([inSeconds(900) / 1000])],
    ['null for claims', jwt(null)],
    ['text for claims', jwt('exp')],
  ])('R3: a token that is not a JWT (%s) is ignored', (_, accessToken) => {
    expect(findExpiry({ ...silent, accessToken })).toBeUndefined()
    expect(findExpiry({ ...silent, accessToken, defaultLifetime: 600 })).toBe(inSeconds(600))
  })

  it('R3: an exp from the prototype is ignored', () => {
    const accessToken = `a.${btoa(`{"__proto__":{"exp":${inSeconds(900) / 1000}}}`)}.c`
    expect(findExpiry({ ...silent, accessToken })).toBeUndefined()
  })

  it('R4: a lifetime counts from before the request, however long the response took', () => {
    const answeredAt = inSeconds(9)
    expect(findExpiry({ ...silent, expiresIn: 10, answeredAt })).toBe(inSeconds(10))
    expect(findExpiry({ ...silent, defaultLifetime: 10, answeredAt })).toBe(inSeconds(10))
  })
})

describe('findExpiry: Age of an HTTP cache, and exp of the token', () => {
  const date = 'Fri, 20 Nov 2026 12:00:00 GMT'

  it.each([
    ['a lifetime in the answer', { expiresIn: 3600, age: '600' }, 3000],
    ['a lifetime as text', { expiresIn: '3600', age: '600' }, 3000],
    ['the default lifetime', { defaultLifetime: 3600, age: '600' }, 3000],
    ['one that is over: a second is left, so that no grant follows a grant at once', { expiresIn: 60, age: '600' }, 1],
    ['no age', { expiresIn: 3600, age: '0' }, 3600],
    ['an age that is none', { expiresIn: 3600, age: '-5' }, 3600],
    ['an age that is none', { expiresIn: 3600, age: '1.5' }, 3600],
    ['an age that is none', { expiresIn: 3600, age: '' }, 3600],
    ['an age that is none', { expiresIn: 3600, age: 'soon' }, 3600],
  ])('R3: Age is subtracted: %s', (_, evidence, seconds) => {
    expect(findExpiry({ ...silent, ...evidence })).toBe(inSeconds(seconds))
  })

  it.each([
    ['a token that expires earlier than its answer says', 3600, 1800, 1800],
    ['a token that expires later', 1800, 3600, 1800],
    ['milliseconds in the answer', 3_600_000, 3600, 3600],
    ['an exp that is past', 3600, -5, 3600],
    ['an exp that is no lifetime', 3600, 400_000_000, 3600],
  ])('R3: the earlier of the two counts: %s', (_, expiresIn, exp, seconds) => {
    const accessToken = jwt({ exp: requestedAt / 1000 + exp })
    expect(findExpiry({ ...silent, expiresIn, accessToken })).toBe(inSeconds(seconds))
    const expiresAt = new Date(inSeconds(expiresIn))
    expect(findExpiry({ ...silent, expiresAt, accessToken })).toBe(inSeconds(seconds))
  })

  it('R3: the clocks are compared by Date and Age, because an HTTP cache keeps the original Date', () => {
    const accessToken = jwt({ exp: requestedAt / 1000 + 3600 })
    // The answer was made at noon by the server's clock, and lay ten minutes in a cache: both clocks agree.
    const answeredAt = inSeconds(600)
    const cached = { ...silent, accessToken, requestedAt: answeredAt, answeredAt, date, age: '600' }
    expect(findExpiry(cached)).toBe(inSeconds(3600))
    expect(findExpiry({ ...cached, age: null })).toBe(inSeconds(4200))
  })
})

describe('looksLikeMilliseconds', () => {
  it.each([300_000, 900_000, 1_800_000, 3_599_000, 3_600_000, '3600000', 7_200_000, 43_200_000, 86_400_000])(
    'R2: %s does',
    (value) => {
      expect(looksLikeMilliseconds(value)).toBe(true)
    },
  )

  it.each([
    ['an hour', 3600],
    ['five minutes', 300],
    ['fifty minutes, a multiple of 1,000', 3000],
    ['what is too short for milliseconds', 299_000],
    ['three days', 259_200],
    ['a week', 604_800],
    ['30 days', 2_592_000],
    ['60 days', 5_184_000],
    ['90 days', 7_776_000],
    ['a year', 31_536_000],
    ['Entra’s odd hour', 3599],
    ['what is not round', 3_600_001],
    ['what is no lifetime', 3_600_000_000],
    ['nothing', undefined],
    ['a text', 'soon'],
  ])('R2: %s does not', (_, value) => {
    expect(looksLikeMilliseconds(value)).toBe(false)
  })
})
