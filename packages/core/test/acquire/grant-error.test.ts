import { describe, expect, it } from 'vitest'
import { judgeTokenAnswer } from '../../src/acquire/judge-response.ts'
import { readStandardTokenResponse } from '../../src/acquire/token-response.ts'
import { planCachedFailure } from '../../src/cache/cached-failure.ts'
import { type NightlatchErrorDetails, withHints } from '../../src/errors.ts'
import { findLeaks } from './printings.ts'
import { answer, context, failureOf, judge, type Read, returning, secret, token } from './token-answers.ts'

describe('judgeTokenAnswer: failed grants', () => {
  const withToken = { access_token: token }
  const shapes: readonly (readonly [string, unknown, NightlatchErrorDetails])[] = [
    [
      "OAuth's",
      { error: 'invalid_client', error_description: 'Unknown client' },
      { error: 'invalid_client', errorDescription: 'Unknown client' },
    ],
    [
      "OAuth's in camelCase",
      { error: 'invalid_client', errorDescription: 'Unknown client' },
      { error: 'invalid_client', errorDescription: 'Unknown client' },
    ],
    [
      "Okta's",
      {
        errorCode: 'invalid_client',
        errorSummary: 'Invalid value for client_id',
        errorLink: 'invalid_client',
        errorCauses: [],
      },
      { error: 'invalid_client', errorDescription: 'Invalid value for client_id' },
    ],
    ["Prevu3D's flag", { hasError: true }, { error: undefined, errorDescription: undefined }],
    ["Prevu3D's flag beside a token", { hasError: true, accessToken: token, expiresIn: 3600 }, { error: undefined }],
    ['an OAuth error beside a token', { error: 'invalid_scope', ...withToken }, { error: 'invalid_scope' }],
    ['a number', { error: 1042, error_description: 17 }, { error: '1042', errorDescription: '17' }],
    [
      'nested',
      { error: { code: 'invalid_client', message: 'Unknown client' } },
      { error: 'invalid_client', errorDescription: 'Unknown client' },
    ],
    [
      'nested, beside a token, with the secret',
      { error: { code: 'x', message: `no ${secret}` }, ...withToken },
      { error: 'x', errorDescription: 'no [redacted]' },
    ],
    [
      'nested, as ArcGIS has it',
      { error: { code: 400, error: 'invalid_client_id', error_description: 'Invalid client_id', details: [] } },
      { error: 'invalid_client_id', errorDescription: 'Invalid client_id' },
    ],
    ['nested, by a type', { error: { type: 'auth', detail: 'No' } }, { error: 'auth', errorDescription: 'No' }],
    ['nested, without a code', { error: { message: 'No' } }, { error: undefined, errorDescription: 'No' }],
    [
      'nested, with more words around it',
      { message: 'Request failed', error: { code: 7, message: 'No' } },
      { error: '7', errorDescription: 'No' },
    ],
    ['empty and nested', { error: {}, ...withToken }, { error: undefined, errorDescription: undefined }],
    [
      'listed',
      {
        errors: [
          { code: 'E1', message: 'First' },
          { code: 'E2', message: 'Second' },
        ],
      },
      { error: 'E1', errorDescription: 'First' },
    ],
    ['listed, without a code', { errors: [{ detail: 'No' }] }, { error: undefined, errorDescription: 'No' }],
    ['listed, as text', { errors: ['No such client'] }, { error: undefined, errorDescription: 'No such client' }],
    ['listed by name', { errors: { client_id: ['unknown'] } }, { error: undefined, errorDescription: undefined }],
    ['a list of errors', { error: [{ code: 1 }], ...withToken }, { error: '1' }],
    [
      'listed as error, with a description',
      { error: [{ code: 'UNAUTHORIZED', description: 'Unauthorized' }] },
      { error: 'UNAUTHORIZED', errorDescription: 'Unauthorized' },
    ],
    [
      'listed as error, as text',
      { error: ['No such client'] },
      { error: undefined, errorDescription: 'No such client' },
    ],
    ['a list of errors that say nothing', { error: [{}], ...withToken }, { error: undefined }],
    [
      'listed as error and as errors',
      { error: [{ description: 'No' }], errors: [{ code: 'E1' }] },
      { error: 'E1', errorDescription: 'No' },
    ],
    [
      'with a description',
      { error: 'invalid_client', description: 'No' },
      { error: 'invalid_client', errorDescription: 'No' },
    ],
    ['nested, with a description', { error: { code: 'x', description: 'No' } }, { error: 'x', errorDescription: 'No' }],
    [
      "Autodesk's",
      { developerMessage: 'No access to the API product', errorCode: 'AUTH-001', moreInfo: 'https://x.test' },
      { error: 'AUTH-001', errorDescription: 'No access to the API product' },
    ],
    ['success: false', { success: false, message: 'No', ...withToken }, { error: undefined, errorDescription: 'No' }],
    ['ok: false', { ok: false, error: 'invalid_auth' }, { error: 'invalid_auth' }],
    [
      'error: true with a code',
      { error: true, errorCode: 'E7', errorMessage: 'No' },
      { error: 'E7', errorDescription: 'No' },
    ],
    ['error_code', { error_code: 17, error_message: 'No' }, { error: '17', errorDescription: 'No' }],
    ['true', { error: true, ...withToken }, { error: undefined }],
  ]

  describe.each([200, 201, 400, 401, 403])('status %i', (status) => {
    it.each(shapes)('R5: an error in %s form is a refusal', (_, body, details) => {
      const failure = failureOf(answer(body, status))
      expect(failure).toMatchObject({ code: 'grant_refused', provider: 'acme', status, retryable: false, ...details })
      expect(failure.message).toContain('https://login.acme.test/token')
      expect(failure.message).toContain(String(status))
      expect(findLeaks(failure, [secret, token])).toEqual([])
    })
  })

  it.each([
    [{ error: 'invalid_client', error_description: 'No such client' }, 401, 'invalid_client: No such client'],
    [{ error: 'invalid_client' }, 400, 'invalid_client'],
    [{ hasError: true, error_description: 'No such client' }, 400, 'No such client'],
    [{ error: 'server_error' }, 500, 'server_error'],
    [{ message: 'Unauthorized' }, 401, 'Unauthorized'],
    [{ title: 'Bad Request', detail: 'No such client', status: 400 }, 400, 'No such client'],
    [
      { error: 'invalid_client', reason: 'Invalid client_id or client_secret' },
      400,
      'invalid_client: Invalid client_id or client_secret',
    ],
  ])("R5: for %o with status %i the message contains the server's text", (body, status, said) => {
    const what = status === 500 ? 'failed' : 'refused the grant'
    expect(failureOf(answer(body, status)).message).toBe(
      `acme: https://login.acme.test/token ${what} with status ${status} (${said})`,
    )
  })

  it('R5: an empty description is none', () => {
    const read: Read = () => ({ error: 'of its own', errorDescription: ' \n' })
    const failure = failureOf(answer({}, 400), read)
    expect(failure.errorDescription).toBeUndefined()
    expect(failure.message).toContain('status 400 (of its own)')
  })

  it.each([{}, { error: ' \n' }, ''])('R5: of %o there are no words', (body) => {
    const failure = failureOf(answer(body, 400))
    expect(failure.message).toBe('acme: https://login.acme.test/token refused the grant with status 400')
    expect(failure.error).toBeUndefined()
  })

  it("R5: an error of null from the provider's reader is ignored", () => {
    expect(judge(answer({}), () => ({ accessToken: token, error: null })).accessToken).toBe(token)
  })

  it.each([
    ['an empty error', { hasError: true, error: '', accessToken: token }],
    ['an error of false', { hasError: true, error: false, accessToken: token }],
    ['an error code of 0', { hasError: true, errorCode: 0, accessToken: token }],
    ['an error of null', { hasError: true, error: null, accessToken: token }],
  ])('R5: hasError fails the grant, also beside %s', (_, body) => {
    expect(failureOf(answer(body)).code).toBe('grant_refused')
  })

  it("R5: Okta's errorCode fails the grant, also beside an empty error", () => {
    const failure = failureOf(answer({ error: '', errorCode: 'E0000011', accessToken: token }))
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'E0000011' })
  })

  it("R5: a flag from a form, where it is the text 'true', fails the grant", () => {
    expect(failureOf(answer({ hasError: 'true', accessToken: token })).code).toBe('grant_refused')
    expect(failureOf(answer({ success: 'false', accessToken: token })).code).toBe('grant_refused')
  })

  it.each([
    ['hasError: false', { hasError: false }],
    ['an error of null', { error: null }],
    ['an empty error', { error: '' }],
    ['an error of false', { error: false }],
    ['an error code of 0', { errorCode: 0 }],
    ['a nested error code of 0', { error: { code: 0, message: 'ok' } }],
    ['a list of no errors', { errors: [] }],
    ['errors of null', { errors: null }],
    ['an error that is an empty list', { error: [] }],
    ['an error that is a list of one empty text', { error: [''] }],
    ['an error that is a list of a code of 0', { error: [{ code: 0 }] }],
    ['a description', { description: 'A token' }],
    ['errors that are one empty text', { errors: [''] }],
    ['success: true', { success: true, ok: true, message: 'Welcome' }],
    ['flags that are none', { success: 0, ok: 'no', hasError: 1 }],
    ...[
      'success',
      'SUCCESS',
      'Succeeded',
      ' ok ',
      'OK',
      'none',
      'no_error',
      '0',
      '000',
      '0000',
      'false',
      'null',
      ' ',
    ].flatMap((word): [string, object][] => [
      [`an errorCode of "${word}"`, { errorCode: word, errorMessage: 'Success' }],
      [`an error of "${word}"`, { error: word, error_description: 'All is well' }],
      [`a nested code of "${word}"`, { error: { code: word } }],
      [`a listed code of "${word}"`, { errors: [{ code: word }] }],
    ]),
  ])('R5: %s beside a token does not fail the grant', (_, flag) => {
    expect(judge(answer({ ...flag, accessToken: token })).accessToken).toBe(token)
  })

  it.each([
    ['an empty body', '', 401],
    ['a blank body', ' \r\n', 403],
    ['an empty body', '', 404],
    ['JSON without an error', { note: secret }, 404],
  ])('R5: %s with a 4xx fails the grant, and its text is not shown', (_, body, status) => {
    const failure = failureOf(answer(body, status))
    expect(failure).toMatchObject({ code: 'grant_refused', status, error: undefined, errorDescription: undefined })
    expect(findLeaks(failure, [secret, 'DOCTYPE', 'Invalid client'])).toEqual([])
  })

  describe.each([400, 401, 403, 404, 405, 418, 451])('status %i', (status) => {
    it.each([
      ['an HTML page', '<!DOCTYPE html><title>MARKED-secret-4f1e</title>', 'an HTML page'],
      [
        'a page after a declaration',
        '<?xml version="1.0"?>\n<!-- x -->\n<HTML lang="en">MARKED-secret-4f1e',
        'an HTML page',
      ],
      ['a part of a page', '<body>MARKED-secret-4f1e', 'an HTML page'],
      ['plain text', 'Invalid client: MARKED-secret-4f1e', 'text, not with an OAuth response'],
      ['text that speaks of HTML', 'no <html> for MARKED-secret-4f1e', 'text, not with an OAuth response'],
      ['XML', '<error>MARKED-secret-4f1e</error>', 'text, not with an OAuth response'],
    ])('R5, L7: with %s does not reject the client', (_, body, kind) => {
      const failure = failureOf(answer(body, status))
      expect(failure).toMatchObject({ code: 'response_unreadable', status, retryable: false, error: undefined })
      expect(failure.message).toContain(`answered ${status}, but with ${kind}`)
      expect(planCachedFailure(failure, 0, undefined)).toBeUndefined()
      expect(findLeaks(failure, [secret, 'Invalid client'])).toEqual([])
    })

    it('R5: with an error that the provider’s reader finds in a text fails the grant', () => {
      const read: Read = ({ body }) => ({ errorDescription: String(body).toUpperCase() })
      expect(failureOf(answer('no such client', status), read)).toMatchObject({
        code: 'grant_refused',
        errorDescription: 'NO SUCH CLIENT',
      })
    })
  })

  it.each([
    ['a page that begins after 1,024 characters', `${' '.repeat(1024)}<html>`, 'text, not with an OAuth response'],
    ['a page whose tag comes after 1,024 characters', `<!--${'x'.repeat(1024)}--><html>`, 'text, not with'],
    ['2,000 spaces', ' '.repeat(2000), 'an empty body'],
  ])('X3: only the beginning of a body is searched for tags: %s', (_, body, kind) => {
    expect(failureOf(answer(body)).message).toContain(`but with ${kind}`)
  })

  it("R6: with a 200, text can be a token, if the provider's reader says so", () => {
    expect(judge(answer(token), ({ body }) => ({ accessToken: body })).accessToken).toBe(token)
  })

  it('R5: a page is recognised by its content type', () => {
    const headers = { 'content-type': 'Text/HTML; charset=utf-8' }
    expect(failureOf(answer('<p>no</p>', 403, headers)).message).toContain('an HTML page')
    expect(failureOf(answer('no', 403, headers)).message).toContain('text, not with')
    expect(failureOf(answer('<p>no</p>', 403, { 'content-type': 'text/xml' })).message).toContain('text, not with')
  })

  it.each([408, 429])('G9: a page with status %i is tried again, when it says so', (status) => {
    expect(failureOf(answer('<html>slow', status, { 'retry-after': '3' }))).toMatchObject({
      code: 'response_unreadable',
      retryable: true,
      retryAfter: 3,
    })
  })

  it.each(['success', '0', '000'])('R5: of a word of success (%s) beside a flag, the flag counts', (errorCode) => {
    expect(failureOf(answer({ hasError: true, errorCode, accessToken: token }))).toMatchObject({
      code: 'grant_refused',
      error: undefined,
    })
  })

  it.each(['success1', 'not ok', '00x', '1', '10', '0'.repeat(21)])('R5: %s is no word of success', (errorCode) => {
    expect(failureOf(answer({ errorCode, accessToken: token })).code).toBe('grant_refused')
  })

  it.each(['server_error', 'temporarily_unavailable', 'slow_down', 'too_many_requests'])(
    'G9: a 401 is final, whatever its words: %s',
    (error) => {
      expect(failureOf(answer({ error }, 401))).toMatchObject({ code: 'grant_refused', error, retryable: false })
      expect(failureOf(answer({ error }, 400))).toMatchObject({ code: 'grant_refused', error, retryable: true })
      expect(failureOf(answer({ error }, 401), () => ({ error, retryable: true })).retryable).toBe(true)
    },
  )

  it.each([
    ['plain text', 'Bad gateway MARKED-secret-4f1e', 502],
    ['HTML', '<html>MARKED-secret-4f1e</html>', 500],
    ['an empty body', '', 504],
    ['JSON', { message: secret }, 503],
    ['an OAuth error', { error: 'server_error' }, 500],
    ['an error of its own', { errorCode: 'E0000009' }, 500],
  ])('R5: %s with a 5xx means unavailable, and is retryable', (_, body, status) => {
    const failure = failureOf(answer(body, status))
    expect(failure).toMatchObject({ code: 'endpoint_unavailable', status, retryable: true })
    expect(findLeaks(failure, [secret, 'Bad gateway'])).toEqual([])
  })

  it.each([
    'invalid_client',
    'invalid_scope',
    'unauthorized_client',
    'unsupported_grant_type',
    'invalid_grant',
    'invalid_request',
    'access_denied',
    'invalid_target',
  ])('R5: %s fails the grant for good, also with a 500', (error) => {
    expect(failureOf(answer({ error }, 500))).toMatchObject({
      code: 'grant_refused',
      error,
      retryable: false,
      status: 500,
    })
  })

  it.each([
    ['plain text', 'access denied for MARKED-secret-4f1e', 'text'],
    ['text that speaks of HTML', 'the page begins with <html>', 'with text'],
    ['HTML', '  <!doctype html>MARKED-secret-4f1e', 'HTML'],
    ['HTML after a byte order mark', '\uFEFF<html lang="en">MARKED-secret-4f1e', 'HTML'],
    ['nothing', '', 'empty'],
    ['blank', ' \r\n', 'empty'],
    ['JSON without a token', { foo: secret }, 'JSON'],
    ['a JSON list', [{ access_token: token }], 'JSON array'],
    ['an empty token', { access_token: '' }, 'JSON'],
    ['a token of null', { access_token: null }, 'JSON'],
    ['a token that is a number', { access_token: 17 }, 'JSON'],
    ['a token that is an object', { access_token: { value: token } }, 'JSON'],
  ])('R5: 200 with %s is unreadable, and its kind is named', (_, body, kind) => {
    const failure = failureOf(answer(body))
    expect(failure).toMatchObject({ code: 'response_unreadable', status: 200, provider: 'acme', retryable: false })
    expect(failure.message).toContain(kind)
    expect(findLeaks(failure, [secret, token])).toEqual([])
  })

  it.each([0, 300, 301, 302, 303, 304, 307, 308, 399])(
    'G7: a redirect (%i) is unreadable, whatever its body',
    (status) => {
      const failure = failureOf(answer({ access_token: token }, status, { location: `https://evil.test/?${secret}` }))
      expect(failure).toMatchObject({ code: 'response_unreadable', status })
      expect(failure.message).toContain('redirect, which is not followed')
      expect(failure.message).toContain("Check the provider's tokenEndpoint or issuer.")
      expect(findLeaks(failure, [secret, token, 'evil.test'])).toEqual([])
    },
  )

  it.each([
    [200, true],
    [201, true],
    [203, true],
    [299, true],
    [199, false],
    [400, false],
  ])('R6: a token with status %i is accepted: %o', (status, accepted) => {
    const given = answer({ access_token: token }, status)
    if (accepted) expect(judge(given).accessToken).toBe(token)
    else expect(failureOf(given).status).toBe(status)
  })
})

describe('judgeTokenAnswer: whether to retry', () => {
  it.each([
    [408, {}, true],
    [429, {}, true],
    [500, {}, true],
    [502, {}, true],
    [503, { error: 'temporarily_unavailable' }, true],
    [400, { error: 'temporarily_unavailable' }, true],
    [200, { error: 'server_error' }, true],
    [400, { error: 'slow_down' }, true],
    [429, { error: 'too_many_requests' }, true],
    [403, { error: 'too_many_requests' }, true],
    [499, {}, false],
    [400, { error: 'invalid_client' }, false],
    [401, {}, false],
    [403, {}, false],
    [404, {}, false],
    [500, { error: 'invalid_scope' }, false],
  ])('G9: %i with %o is retryable: %o', (status, body, retryable) => {
    expect(failureOf(answer(body, status)).retryable).toBe(retryable)
  })

  it.each([
    [true, 401],
    [false, 503],
  ])("G9: the provider's reader decides: %o with %i", (retryable, status) => {
    expect(failureOf(answer({}, status), () => ({ retryable })).retryable).toBe(retryable)
  })

  it('G9: a retryable that is not a boolean is ignored', () => {
    expect(failureOf(answer({}, 503), returning({ retryable: 'no' })).retryable).toBe(true)
  })
})

describe('judgeTokenAnswer: the retry delay', () => {
  const date = 'Fri, 20 Nov 2026 12:00:00 GMT'
  const instant = Date.parse(date) / 1000

  it.each([
    ['seconds', { 'retry-after': '120' }, 120],
    ['no time at all', { 'retry-after': '0' }, 0],
    ["a date, against the answer's own", { 'retry-after': 'Fri, 20 Nov 2026 12:01:30 GMT', date }, 90],
    ['a date that is past', { 'retry-after': 'Fri, 20 Nov 2026 11:00:00 GMT', date }, 0],
    ["Okta's instant", { 'x-rate-limit-reset': String(instant + 42), date }, 42],
    ["Okta's instant that is past", { 'x-rate-limit-reset': String(instant - 42), date }, 0],
    ['Retry-After before the other', { 'retry-after': '7', 'x-rate-limit-reset': String(instant + 42), date }, 7],
    ['a date without the other, against when it came', { 'retry-after': 'Fri, 20 Nov 2026 10:00:45 GMT' }, 45],
    ['a date beside one that is none', { 'retry-after': 'Fri, 20 Nov 2026 10:00:45 GMT', date: 'today' }, 45],
    ['a date before it came', { 'retry-after': 'Fri, 20 Nov 2026 09:00:45 GMT' }, 0],
  ])('G9: %s', (_, headers, retryAfter) => {
    expect(failureOf(answer({}, 429, headers)).retryAfter).toBe(retryAfter)
    expect(failureOf(answer('', 503, headers)).retryAfter).toBe(retryAfter)
  })

  it.each([
    ['nothing', {}],
    ['a word', { 'retry-after': 'soon', date }],
    ['a date with something before it', { 'retry-after': 'soon Fri, 20 Nov 2026 12:01:30 GMT', date }],
    ['an empty header', { 'retry-after': '', date }],
    ['a negative number', { 'retry-after': '-5', date }],
    ['a decimal', { 'retry-after': '1.5', date }],
    ['digits with a tail', { 'retry-after': '3600abc', date }],
    ["Okta's instant without the answer's date", { 'x-rate-limit-reset': String(instant + 42) }],
    ["an instant of Okta's that is none", { 'x-rate-limit-reset': 'soon', date }],
    ["an empty instant of Okta's", { 'x-rate-limit-reset': '', date }],
  ])('G9: %s is ignored', (_, headers) => {
    expect(failureOf(answer({}, 429, headers)).retryAfter).toBeUndefined()
  })

  it('G9: the reset of the rate limit is ignored without a 429 or 503, because Okta sends it with every response', () => {
    const headers = {
      'x-rate-limit-limit': '600',
      'x-rate-limit-remaining': '599',
      'x-rate-limit-reset': String(instant + 42),
      date,
    }
    expect(failureOf(answer({ error: 'invalid_client' }, 401, headers)).retryAfter).toBeUndefined()
  })

  it.each([
    [30, 30],
    ['30', 30],
    [0, 0],
  ])("G9: the reader's %o wins over the header", (retryAfter, seconds) => {
    const headers = { 'retry-after': '7' }
    expect(failureOf(answer({}, 429, headers), () => ({ retryAfter })).retryAfter).toBe(seconds)
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 'soon', '', null, new Date(), {}, ['30'], 30n])(
    "G9: the reader's %o is none, and the header counts",
    (retryAfter) => {
      expect(failureOf(answer({}, 429, { 'retry-after': '7' }), () => ({ retryAfter })).retryAfter).toBe(7)
    },
  )
})

describe('judgeTokenAnswer: the text of the server', () => {
  it.each([
    ['error_description', { error: 'invalid_client', error_description: `Wrong secret: ${secret}!` }],
    ['error', { error: `wrong ${secret}` }],
    ['errorSummary', { errorCode: 'E1', errorSummary: `secret ${secret} is wrong` }],
    ['token_type', { access_token: token, token_type: `mac ${secret}` }],
  ])('X1: a secret quoted in %s is removed', (_, body) => {
    const failure = failureOf(answer(body, 'token_type' in body ? 200 : 400))
    expect(failure.message).toContain('[redacted]')
    expect(findLeaks(failure, [secret])).toEqual([])
  })

  it.each([
    ['error_description', { access_token: token, error: 'warning', error_description: `Issued ${token} although` }],
    ['error', { accessToken: token, error: token }],
    ['token_type', { access_token: token, token_type: token }],
  ])('X1: a token quoted in %s is removed', (_, body) => {
    expect(findLeaks(failureOf(answer(body)), [token])).toEqual([])
  })

  it.each([
    ['invalid_client', 'invalid_client'],
    ['server_error', 'server_error'],
    ['error_of_its_own', '[redacted]'],
  ])('X1: of the code "%s", which is in a secret, the message shows "%s"', (error, shown) => {
    const secrets = (): readonly string[] => [`MARKED-${error}`]
    const judged = (): unknown =>
      judgeTokenAnswer(answer({ error }, 400), readStandardTokenResponse, { ...context, secrets })
    expect(judged).toThrow(expect.objectContaining({ error: shown, message: expect.stringContaining(`(${shown})`) }))
  })

  it('X1: a token of less than 4 characters, or none, removes no text of the server', () => {
    const words = (body: object): string | undefined =>
      failureOf(answer({ error: 'warning', error_description: 'undefined, null, abc, abcd', ...body })).errorDescription
    expect(words({})).toBe('undefined, null, abc, abcd')
    expect(words({ access_token: null })).toBe('undefined, null, abc, abcd')
    expect(words({ access_token: 'abc' })).toBe('undefined, null, abc, abcd')
    expect(words({ access_token: 'abcd' })).toBe('undefined, null, abc, [redacted]')
  })

  it("X1: the server's text is on one line, without control characters, and limited", () => {
    const failure = failureOf(answer({ error: 'a\r\nb\u001b[31m', error_description: 'x'.repeat(100_000) }, 400))
    expect(failure.message).not.toMatch(/\p{Cc}/u)
    expect(failure.message.length).toBeLessThan(2500)
    expect(failure.error).toBe('a b [31m')
  })
})

describe('the server’s own id of a request', () => {
  const idOf = (body: unknown, headers: Record<string, string> = {}, status = 400): string | undefined =>
    failureOf(answer(body, status, headers)).requestId

  it.each(['correlation_id', 'correlationId', 'trace_id', 'traceId', 'request_id', 'requestId'])(
    'is in the body: %s',
    (name) => {
      expect(idOf({ error: 'invalid_client', [name]: 'id-1' }, { 'x-request-id': 'id-2' })).toBe('id-1')
    },
  )

  it.each(['x-request-id', 'x-ms-request-id', 'x-correlation-id', 'x-okta-request-id', 'request-id'])(
    'is in a header: %s',
    (name) => {
      for (const status of [400, 401, 403, 503]) expect(idOf({ error: 'x' }, { [name]: 'id-2' }, status)).toBe('id-2')
      expect(idOf('<html>no', { [name]: 'id-2' }, 403)).toBe('id-2')
      expect(idOf({}, { [name]: 'id-2' }, 200)).toBe('id-2')
      expect(idOf('', { [name]: 'id-2' }, 307)).toBe('id-2')
    },
  )

  it('is the first valid one, and contains no secret', () => {
    const all = { trace_id: 'trace', correlation_id: 'correlation', requestId: 'request' }
    expect(idOf({ ...all })).toBe('correlation')
    expect(idOf({ ...all, correlation_id: '' })).toBe('trace')
    expect(idOf({ ...all, correlation_id: 'two words' })).toBe('trace')
    expect(idOf({ ...all, correlation_id: 'x'.repeat(201) })).toBe('trace')
    expect(idOf({ ...all, correlation_id: { id: 1 } })).toBe('trace')
    expect(idOf({ requestId: 17 })).toBe('17')
    expect(idOf({ requestId: secret })).toBeUndefined()
    expect(idOf({ requestId: Buffer.from(secret).toString('base64') })).toBeUndefined()
    expect(idOf({})).toBeUndefined()
    const failure = failureOf(answer({ requestId: 'id-1' }, 400))
    expect([withHints(failure, ['a']).requestId, JSON.parse(JSON.stringify(failure)).requestId]).toEqual([
      'id-1',
      'id-1',
    ])
  })
})
