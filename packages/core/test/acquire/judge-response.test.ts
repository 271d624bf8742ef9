import { describe, expect, it } from 'vitest'
import { judgeRevocationAnswer, judgeTokenAnswer } from '../../src/acquire/judge-response.ts'
import { readStandardTokenResponse, type TokenAnswer } from '../../src/acquire/token-response.ts'
import { findLeaks } from './printings.ts'
import { answer, context, failureOf, judge, type Read, returning, secret, token } from './token-answers.ts'

describe('judgeRevocationAnswer', () => {
  const judgeRevocation = (given: TokenAnswer): void =>
    judgeRevocationAnswer(given, readStandardTokenResponse, { ...context, endpoint: 'https://login.acme.test/revoke' })

  it.each([
    [200, ''],
    [204, ''],
    [299, 'a page'],
    [200, { error: 'server_error' }],
  ])('a token is revoked with status %i and the body %o', (status, body) => {
    expect(() => judgeRevocation(answer(body, status))).not.toThrow()
  })

  it.each([
    [199, 'grant_refused', 'https://login.acme.test/revoke did not revoke the token: status 199'],
    [400, 'grant_refused', 'https://login.acme.test/revoke did not revoke the token: status 400'],
    [503, 'endpoint_unavailable', 'https://login.acme.test/revoke failed with status 503'],
    [300, 'response_unreadable', "Check the provider's revocationEndpoint or issuer."],
  ])('a token is not revoked with status %i', (status, code, said) => {
    expect(() => judgeRevocation(answer('', status))).toThrow(
      expect.objectContaining({ code, status, message: expect.stringContaining(said) }),
    )
  })
})

describe('judgeTokenAnswer: token type', () => {
  it.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])('R1: %s is Bearer', (token_type) => {
    expect(judge(answer({ access_token: token, token_type })).tokenType).toBe('Bearer')
  })

  it.each([
    ['absent', {}],
    ['null', { token_type: null }],
    ['empty', { token_type: '' }],
  ])('R1: a token_type that is %s is Bearer', (_, type) => {
    expect(judge(answer({ access_token: token, ...type })).tokenType).toBe('Bearer')
  })

  it.each(['Application Access Token', 'BearerToken', 'mac', 'N_A', 'Bearer token'])(
    'R1: %s is refused with the way out in the message',
    (token_type) => {
      const failure = failureOf(answer({ access_token: token, token_type }))
      expect(failure).toMatchObject({ code: 'response_unreadable', status: 200, provider: 'acme', retryable: false })
      expect(failure.message).toContain(`"${token_type}"`)
      expect(failure.message).toContain('readTokenResponse')
      expect(findLeaks(failure, [token])).toEqual([])
    },
  )

  it.each([[1], [true], [{ type: 'Bearer' }], [['Bearer']]])(
    'R1: a token_type that is no text (%o) is refused, and its kind is named',
    (token_type) => {
      const failure = failureOf(answer({ access_token: token, token_type }))
      expect(failure.code).toBe('response_unreadable')
      expect(failure.message).toContain(`its token_type is a ${typeof token_type}, not Bearer`)
    },
  )

  it('R1: DPoP is rejected if it was not requested, because it is useless as a Bearer token', () => {
    expect(failureOf(answer({ access_token: token, token_type: 'DPoP' })).code).toBe('response_unreadable')
  })

  it.each([
    ['DPoP', undefined],
    ['dpop', undefined],
    ['Bearer', '"Bearer"'],
    [undefined, 'missing'],
    [7, 'a number'],
  ])('R1: of a token that must be bound, the token_type is %s', (token_type, shown) => {
    const judged = (): unknown =>
      judgeTokenAnswer(answer({ access_token: token, token_type }), readStandardTokenResponse, {
        ...context,
        bound: true,
      })
    if (shown === undefined) expect(judged()).toMatchObject({ tokenType: 'DPoP' })
    else expect(judged).toThrow(`its token_type is ${shown}, not DPoP, so the token is not bound to the key.`)
  })

  it("R1: a type of null from the provider's reader is Bearer", () => {
    expect(judge(answer({}), () => ({ accessToken: token, tokenType: null })).tokenType).toBe('Bearer')
  })

  it("R1: the provider's reader can map another type", () => {
    const read: Read = (given) => ({ ...readStandardTokenResponse(given), tokenType: 'Bearer' })
    expect(judge(answer({ access_token: token, token_type: 'BearerToken' }), read).tokenType).toBe('Bearer')
  })
})

describe('judgeTokenAnswer: scopes', () => {
  it.each([
    ['a b', ['a', 'b']],
    ['  b   a ', ['b', 'a']],
    ['a a b', ['a', 'b']],
    ['READ read', ['READ', 'read']],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [
      ['a b', 'c'],
      ['a', 'b', 'c'],
    ],
    [
      ['a', 1, null, 'b'],
      ['a', 'b'],
    ],
  ])('R1: %o is %o', (scope, scopes) => {
    expect(judge(answer({ access_token: token, scope })).scopes).toEqual(scopes)
    expect(judge(answer({ access_token: token, scopes: scope })).scopes).toEqual(scopes)
  })

  it.each([
    ['absent', {}],
    ['empty', { scope: '' }],
    ['blank', { scope: '   ' }],
    ['null', { scope: null }],
    ['an empty list', { scope: [] }],
    ['a list of empty texts', { scope: ['', ' '] }],
    ['an object', { scope: { read: true } }],
    ['a number', { scope: 7 }],
  ])('R1: a scope that is %s names none', (_, scope) => {
    expect(judge(answer({ access_token: token, ...scope })).scopes).toBeUndefined()
  })

  it("R1: the provider's separator separates, and spaces still do", () => {
    const commas = { ...context, scopeSeparator: ',' }
    const { scopes } = judgeTokenAnswer(
      answer({ access_token: token, scope: 'a,b c' }),
      readStandardTokenResponse,
      commas,
    )
    expect(scopes).toEqual(['a', 'b', 'c'])
  })
})

describe('judgeTokenAnswer: tokens that a header cannot carry', () => {
  it.each([
    ['a line break', 'abc\r\nX-Evil: 1'],
    ['a line feed', 'abc\ndef'],
    ['a line feed at the end', 'abcdef\n'],
    ['a space', 'abc def'],
    ['a tab', 'abc\tdef'],
    ['a null', 'abc\0def'],
    ['a delete', 'abc\x7f'],
    ['a letter beyond ASCII', 'abcé'],
    ['a surrogate pair', 'abc\u{1f511}'],
    ['a blank', ' '],
  ])('R6: a token with %s is rejected', (_, access_token) => {
    const failure = failureOf(answer({ access_token }))
    expect(failure.code).toBe('response_unreadable')
    expect(failure.message).toContain('its token contains characters that a header cannot carry')
    expect(failure.message).not.toContain('abc')
  })

  it('R6: every visible ASCII character is accepted', () => {
    const visible = String.fromCharCode(...Array.from({ length: 0x7e - 0x20 }, (_, index) => 0x21 + index))
    expect(visible).toHaveLength(94)
    expect(judge(answer({ access_token: visible })).accessToken).toBe(visible)
  })
})

describe("judgeTokenAnswer: the provider's reader", () => {
  const throwing: Read = () => {
    throw new Error(`cannot read ${secret} ${token}`)
  }

  it('X1: a reader that throws is named, and its error is dropped', () => {
    const failure = failureOf(answer({ access_token: token }), throwing)
    expect(failure).toMatchObject({ code: 'response_unreadable', status: 200 })
    expect(failure.message).toContain('readTokenResponse')
    expect(failure.cause).toBeUndefined()
    expect(findLeaks(failure, [secret, token, 'cannot read'])).toEqual([])
  })

  it.each([
    [400, 'grant_refused'],
    [503, 'endpoint_unavailable'],
    [302, 'response_unreadable'],
  ])('R5: a reader that throws does not hide status %i', (status, code) => {
    const failure = failureOf(answer({}, status), throwing)
    expect(failure.code).toBe(code)
    expect(findLeaks(failure, [secret, token])).toEqual([])
  })

  it.each([null, undefined, 'token', 17, true, () => token])('R5: a reader that returns %o is named', (junk) => {
    const failure = failureOf(answer({ access_token: token }), returning(junk))
    expect(failure.code).toBe('response_unreadable')
    expect(failure.message).toContain('readTokenResponse')
  })

  it.each([[[]], [[token]]])('R5: a reader that returns %o is unreadable', (junk) => {
    expect(failureOf(answer({ access_token: token }), returning(junk)).code).toBe('response_unreadable')
  })

  it('R5: a reader that returns a promise is an error, because it must not be asynchronous', () => {
    const promised = Promise.resolve({ accessToken: token })
    expect(failureOf(answer({ access_token: token }), returning(promised)).code).toBe('response_unreadable')
  })

  it('X1: the errors of fields that throw when they are read are dropped', () => {
    const read: Read = () => ({
      get accessToken() {
        throw new Error(`cannot read ${secret}`)
      },
    })
    const failure = failureOf(answer({ access_token: token }), read)
    expect(failure.code).toBe('response_unreadable')
    expect(findLeaks(failure, [secret])).toEqual([])
  })

  it('R5: the reader is called for every response but a redirect', () => {
    const asked: number[] = []
    const read: Read = ({ status }) => {
      asked.push(status)
      return { error: 'its own word' }
    }
    for (const status of [200, 201, 400, 500]) expect(failureOf(answer('', status), read).error).toBe('its own word')
    expect(asked).toEqual([200, 201, 400, 500])
  })

  it('R1: the reader reads a response of any shape', () => {
    const read: Read = ({ body }) => ({
      accessToken: (body as { d: { AuthToken: string } }).d.AuthToken,
      expiresIn: '60',
    })
    expect(judge(answer({ d: { AuthToken: token } }), read)).toEqual({
      accessToken: token,
      tokenType: 'Bearer',
      scopes: undefined,
      expiresIn: '60',
      expiresAt: undefined,
    })
  })
})
