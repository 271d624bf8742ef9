import { describe, expect, it } from 'vitest'
import { isError, readExtra, readStandardTokenResponse } from '../../src/acquire/token-response.ts'
import { answer, judge, token } from './token-answers.ts'

describe('readStandardTokenResponse', () => {
  const expected = { accessToken: token, tokenType: 'Bearer', scope: 'a b', expiresIn: 3600 }

  it.each([
    ['snake_case', { access_token: token, token_type: 'Bearer', scope: 'a b', expires_in: 3600 }],
    ['camelCase', { accessToken: token, tokenType: 'Bearer', scope: 'a b', expiresIn: 3600 }],
    ['both, mixed', { accessToken: token, token_type: 'Bearer', scopes: 'a b', expires_in: 3600 }],
    ['both, mixed the other way', { access_token: token, tokenType: 'Bearer', scope: 'a b', expiresIn: 3600 }],
    [
      'one spelling null',
      {
        access_token: null,
        accessToken: token,
        tokenType: 'Bearer',
        scope: null,
        scopes: 'a b',
        expires_in: null,
        expiresIn: 3600,
      },
    ],
  ])('R1: %s is read', (_, body) => {
    expect(readStandardTokenResponse(answer(body))).toMatchObject(expected)
    expect(readStandardTokenResponse(answer(body)).error).toBeUndefined()
  })

  it.each(['refresh_in', 'refreshIn'])('R1: the hint when to refresh is read from %s', (name) => {
    expect(readStandardTokenResponse(answer({ [name]: 600 })).refreshIn).toBe(600)
    expect(judge(answer({ access_token: token, [name]: 600 })).refreshIn).toBe(600)
  })

  it("R1: an undefined field of a reader's body counts as missing", () => {
    const body = { access_token: undefined, accessToken: token, error: undefined, errorCode: 'E1' }
    expect(readStandardTokenResponse(answer(body))).toMatchObject({ accessToken: token, error: 'E1' })
  })

  it.each([{}, { undefined: token }])('R1: nothing is made of what is absent: %o', (body) => {
    expect(Object.values(readStandardTokenResponse(answer(body))).every((field) => field === undefined)).toBe(true)
  })

  it.each([
    ['null', null],
    ['text', 'access_token'],
    ['a list', [{ access_token: token }]],
    ['a number', 1],
    ['nothing', undefined],
  ])('R1: a body that is %s has no fields', (_, body) => {
    expect(readStandardTokenResponse(answer(body))).toEqual({})
  })

  it('R1: text in a list of errors describes the error, and a number does not', () => {
    const fields = readStandardTokenResponse(answer({ error: [5], errors: ['no such client'] }))
    expect(fields.errorDescription).toBe('no such client')
  })

  it.each([
    ['an errorCode within', { error: { errorCode: 'E1', status: 'DENIED' } }, 'E1'],
    ['a status within', { error: { status: 'UNAUTHENTICATED', message: 'No' } }, 'UNAUTHENTICATED'],
    ['a list of codes', { errorCode: ['E1'] }, true],
    ['hasError: true', { hasError: true, message: 'No' }, true],
    ['success: false', { success: false, message: 'No' }, true],
    ['ok: false', { ok: false, message: 'No' }, true],
  ])('R5: an error is read from %s', (_, body, error) => {
    expect(readStandardTokenResponse(answer(body)).error).toBe(error)
  })

  it('R5: an empty list of codes beside a token is no error', () => {
    const body = { access_token: token, errorCode: [] }
    expect(readStandardTokenResponse(answer(body)).error).toBeUndefined()
    expect(judge(answer(body)).accessToken).toBe(token)
  })

  it('R6: fields of the prototype are ignored', () => {
    const polluted: unknown = JSON.parse(`{"__proto__":{"access_token":"${token}","error":"x"}}`)
    const fields = readStandardTokenResponse(answer(polluted))
    expect(fields.accessToken).toBeUndefined()
    expect(fields.error).toBeUndefined()
    const inherited: unknown = Object.create({ access_token: token })
    expect(readStandardTokenResponse(answer(inherited)).accessToken).toBeUndefined()
  })
})

describe('a lifetime in milliseconds by its name', () => {
  it.each([
    [{ expiresInMs: 3_600_000 }, 3600],
    [{ expires_in_ms: '3600000' }, 3600],
    [{ expires_in: 60, expires_in_ms: 3_600_000 }, 60],
    [{ expires_in: null, expiresInMs: 1_800_000 }, 1800],
    [{ expiresInMs: 'soon' }, undefined],
  ])('R1: %o is %s seconds', (fields, seconds) => {
    expect(judge(answer({ access_token: token, ...fields })).expiresIn).toBe(seconds)
  })
})

describe('readExtra', () => {
  it('R1: the fields without their own name are kept', () => {
    const body = {
      access_token: token,
      accessToken: token,
      token_type: 'Bearer',
      tokenType: 'Bearer',
      expires_in: 1,
      expiresIn: 1,
      scope: 'a',
      scopes: ['a'],
      refresh_in: 1,
      refreshIn: 1,
      expires_in_ms: 1,
      expiresInMs: 1,
      refresh_token: 'refresh',
      refreshToken: 'refresh',
      id_token: 'identity',
      idToken: 'identity',
      hasError: false,
      'not-before-policy': 0,
      nested: { deep: [1] },
    }
    expect(readExtra(body, token)).toEqual({
      refresh_token: 'refresh',
      refreshToken: 'refresh',
      id_token: 'identity',
      idToken: 'identity',
      hasError: false,
      'not-before-policy': 0,
      nested: { deep: [1] },
    })
  })

  it('X1: no copy of the token is kept, wherever the reader found it', () => {
    const body = {
      tenant_token: token,
      data: { token, org: { id: 7, token } },
      list: [token, { token, name: 'first' }, 1, null],
      text: `about ${token}`,
    }
    const before = structuredClone(body)
    expect(readExtra(body, token)).toEqual({
      data: { org: { id: 7 } },
      list: [{ name: 'first' }, 1, null],
      text: `about ${token}`,
    })
    expect(body).toEqual(before)
  })

  it.each([
    ['lists', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects', `${'{"b":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
  ])('R6: a response of deeply nested %s works', (_, nested) => {
    const deep: unknown = JSON.parse(`{"a":${nested}}`)
    expect(Object.keys(readExtra(deep, token))).toEqual(['a'])
  })

  it('R6: __proto__ in a body changes nothing', () => {
    const body: unknown = JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"kept":1}',
    )
    const extra = readExtra(body, token)
    expect(Object.getPrototypeOf(extra)).toBe(Object.prototype)
    expect(Object.hasOwn(extra, '__proto__')).toBe(false)
    expect(extra.polluted).toBeUndefined()
    expect(extra.kept).toBe(1)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it.each([['text'], [null], [[1]], [undefined], [3]])('R1: a body that is no record (%o) has none', (body) => {
    expect(readExtra(body, token)).toEqual({})
  })
})

describe('isError', () => {
  it.each([
    [20, false],
    [21, true],
  ])('R5: %i zeros are a code: %o', (length, isCode) => {
    expect(isError('0'.repeat(length))).toBe(isCode)
  })
})
