import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  dateFromEpochMilliseconds,
  dateFromEpochSeconds,
  dateFromHttpDate,
  dateFromIso,
  readPath,
  secondsFromMilliseconds,
} from '../../src/acquire/field-conversions.ts'

describe('readPath', () => {
  const body: unknown = JSON.parse(
    '{"data":{"tokens":[{"value":"abc"},{"value":"def"}],"0":"zero","empty":null},"__proto__":{"token":"polluted"},"n":1}',
  )

  it.each([
    [[], body],
    [['n'], 1],
    [['data', 'tokens', 0, 'value'], 'abc'],
    [['data', 'tokens', 1, 'value'], 'def'],
    [['data', '0'], 'zero'],
    [['data', 'empty'], null],
  ])('R6: the value at %o is read', (path, found) => {
    expect(readPath(body, ...path)).toBe(found)
  })

  it.each([
    [['token']],
    [['data', 'tokens', 2]],
    [['data', 'tokens', -1]],
    [['data', 'tokens', 0.5]],
    [['data', 'tokens', 'length']],
    [['data', 'tokens', '0']],
    [['data', 0]],
    [['data', 'empty', 'further']],
    [['n', 'toFixed']],
    [['data', 'tokens', 0, 'value', 0]],
    [['data', 'tokens', 0, 'value', 'length']],
    [['toString']],
    [['constructor', 'name']],
    [['data', 'hasOwnProperty']],
  ])('R6: %o leads to no value', (path) => {
    expect(readPath(body, ...path)).toBeUndefined()
  })

  it('R6: a member by the name of __proto__ is a member, and changes nothing', () => {
    expect(readPath(body, '__proto__', 'token')).toBe('polluted')
    expect(readPath({}, '__proto__')).toBeUndefined()
    expect(readPath(Object.create({ token: 'inherited' }), 'token')).toBeUndefined()
    expect(readPath(Object.assign([], { token: 'own' }), 'token')).toBeUndefined()
  })

  it('R6: it never throws, for any body and path', () => {
    const path = fc.array(fc.oneof(fc.string(), fc.integer(), fc.constantFrom('__proto__', 'constructor', 'length')))
    fc.assert(fc.property(fc.anything(), path, (value, steps) => void readPath(value, ...steps)))
  })

  it('R6: it finds every value of a JSON body', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const walk = (value: unknown, path: readonly (string | number)[]): void => {
          expect(readPath(JSON.parse(text), ...path)).toEqual(value)
          if (typeof value !== 'object' || value === null) return
          for (const [name, member] of Object.entries(value)) {
            walk(member, [...path, Array.isArray(value) ? Number(name) : name])
          }
        }
        walk(JSON.parse(text), [])
      }),
    )
  })
})

const noNumbers: readonly unknown[] = [
  undefined,
  null,
  '',
  ' 1',
  '1.5',
  '-1',
  '1e3',
  '0x10',
  '3600abc',
  '2026-11-20T10:00:00Z',
  Number.NaN,
  Number.POSITIVE_INFINITY,
  true,
  {},
  [3600],
  new Date(),
  10n,
]

describe('secondsFromMilliseconds', () => {
  it.each([
    [3_600_000, 3600],
    ['3600000', 3600],
    [1500, 1.5],
    [0, 0],
    [-1000, -1],
  ])('R2: %o is %o seconds, unchecked', (milliseconds, seconds) => {
    expect(secondsFromMilliseconds(milliseconds)).toBe(seconds)
  })

  it.each(noNumbers)('R2: %o is not an HTTP date', (value) => {
    expect(secondsFromMilliseconds(value)).toBeUndefined()
  })
})

describe('instants since the epoch', () => {
  const instant = new Date('2026-11-20T10:00:00Z')

  it('R2: the caller chooses seconds or milliseconds; they are not guessed', () => {
    expect(dateFromEpochSeconds(instant.getTime() / 1000)).toEqual(instant)
    expect(dateFromEpochSeconds(String(instant.getTime() / 1000))).toEqual(instant)
    expect(dateFromEpochMilliseconds(instant.getTime())).toEqual(instant)
    expect(dateFromEpochMilliseconds(String(instant.getTime()))).toEqual(instant)
    expect(dateFromEpochSeconds(instant.getTime())?.getUTCFullYear()).toBeGreaterThan(50_000)
    expect(dateFromEpochMilliseconds(instant.getTime() / 1000)?.getUTCFullYear()).toBe(1970)
  })

  it.each([...noNumbers, 8.64e15 + 1, '9999999999999999'])('R2: %o is not an HTTP date', (value) => {
    expect(dateFromEpochSeconds(value)).toBeUndefined()
    expect(dateFromEpochMilliseconds(value)).toBeUndefined()
  })
})

describe('dateFromIso', () => {
  it.each([
    ['2026-11-20T10:00:00Z', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20T10:00:00.5Z', '2026-11-20T10:00:00.500Z'],
    ['2026-11-20T10:00:00.1234567Z', '2026-11-20T10:00:00.123Z'],
    ['2018-01-15T22:14:05.000000Z', '2018-01-15T22:14:05.000Z'],
    ['2026-11-20T11:00:00+01:00', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20T05:30:00-0430', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20 10:00:00Z', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20t10:00:00z', '2026-11-20T10:00:00.000Z'],
    [' 2026-11-20T10:00:00Z\n', '2026-11-20T10:00:00.000Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
  ])('R2: %s is %s', (value, instant) => {
    expect(dateFromIso(value)?.toISOString()).toBe(instant)
  })

  it.each([
    ['without an offset, it would be whatever zone this machine is in', '2026-11-20T10:00:00'],
    ['a day', '2026-11-20'],
    ['a day that is none', '2026-02-30T10:00:00Z'],
    ['a month that is none', '2026-13-01T10:00:00Z'],
    ['an hour that is none', '2026-11-20T25:00:00Z'],
    ['an offset that is none', '2026-11-20T10:00:00+99:00'],
    ['words after it', '2026-11-20T10:00:00Z soon'],
    ['words before it', 'until 2026-11-20T10:00:00Z'],
    ['an HTTP date', 'Fri, 20 Nov 2026 10:00:00 GMT'],
    ['digits', '1763632800'],
    ['a number', 1_763_632_800],
    ['a Date', new Date()],
    ['nothing', ''],
    ['null', null],
    ['undefined', undefined],
  ])('R2: %s is not a time', (_, value) => {
    expect(dateFromIso(value)).toBeUndefined()
  })

  it('R2: it is the same instant in any time zone of this machine', () => {
    const { TZ } = process.env
    process.env.TZ = 'Asia/Kolkata'
    try {
      expect(dateFromIso('2026-11-20T10:00:00Z')).toEqual(new Date(Date.UTC(2026, 10, 20, 10)))
      expect(dateFromIso('2026-11-20T10:00:00-05:00')).toEqual(new Date(Date.UTC(2026, 10, 20, 15)))
    } finally {
      if (TZ === undefined) delete process.env.TZ
      else process.env.TZ = TZ
    }
  })

  it('R2: every instant reads back', () => {
    const dates = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    })
    fc.assert(
      fc.property(dates, (date) => {
        expect(dateFromIso(date.toISOString())).toEqual(date)
      }),
    )
  })
})

describe('dateFromHttpDate', () => {
  it.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
    ['Sunday, 06-Nov-94 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
  ])('R2: %s is %s', (value, instant) => {
    expect(dateFromHttpDate(value)?.toISOString()).toBe(instant)
  })

  it.each([
    null,
    undefined,
    '',
    '-5',
    '3600',
    'soon',
    'Sun, 99 Nov 1994',
    '2026-11-20T10:00:00Z',
    17,
    new Date(),
    ['Sun, 06 Nov 1994 08:49:37 GMT'],
  ])('R2: %o is not an HTTP date', (value) => {
    expect(dateFromHttpDate(value)).toBeUndefined()
  })

  it('R2: every second reads back', () => {
    const seconds = fc.integer({ min: 0, max: 4_102_444_800 })
    fc.assert(
      fc.property(seconds, (second) => {
        const date = new Date(second * 1000)
        expect(dateFromHttpDate(date.toUTCString())).toEqual(date)
      }),
    )
  })
})
