import { type Failure, NightlatchError } from '@nightlatch/core'
import { createClock } from '../clock.ts'
import type { Answer } from '../faults.ts'
import { type Check, expectEqual, expectThat, failureOf } from './check.ts'
import type { Fixture, RunWithFixture } from './fixture.ts'
import { outageHeaders } from './outage-headers.ts'
import type { DocumentedGrant, DocumentedRefusal, ProviderOffers, ProviderSuite } from './provider-suite.ts'
import { leavesOf, parseJson, replaceAt } from './secret-places.ts'

const page: Answer = {
  headers: { 'content-type': 'text/html' },
  body: '<!doctype html>\n<title>Sign in</title>\n',
}

/** Responses without a token, for any provider. */
const tokenlessResponses: Readonly<Record<string, Answer>> = {
  'an HTML page': page,
  'an empty body': { body: '' },
  'an empty object': { body: {} },
  'an empty array': { body: [] },
  'two megabytes': { body: { padding: 'x'.repeat(2 * 1024 * 1024) } },
}

export function answerChecks(
  suite: ProviderSuite<ProviderOffers, unknown>,
  runWithFixture: RunWithFixture,
): readonly Check[] {
  const check = (name: string, use: (fixture: Fixture) => Promise<void>): Check => ({
    group: 'token response',
    name,
    run: () => runWithFixture(use),
  })
  return [
    ...(suite.grants ?? []).map((grant) => check(`reads ${grant.what}`, (fixture) => readGrant(grant, fixture))),
    ...(suite.refusals ?? []).map((one) =>
      check(`reads the grant error: ${one.what}`, (fixture) => readRefusal(one, fixture)),
    ),
    ...Object.entries(tokenlessResponses).map(([what, answer]) =>
      check(`finds no token in ${what}`, async (fixture) => {
        fixture.emulator.faults.set('token', { name: 'answer', answer })
        const { code } = await failureOf(fixture.client().token(), `a response of ${what}`)
        expectThat(
          /^(response_unreadable|grant_refused)$/.test(code),
          `the error code should be response_unreadable, but is ${code}`,
        )
      }),
    ),
    check('finds no token in a truncated response', async (fixture) => {
      const { value } = await fixture.client().token()
      fixture.markSecret(value)
      fixture.emulator.faults.set('token', { name: 'truncated' })
      const broken = await failureOf(fixture.client().token(), 'a response whose connection breaks')
      expectEqual(broken.code, 'endpoint_unavailable', 'the error code of a response whose connection breaks')
      // Only of JSON can the reader detect that it is incomplete.
      const { headers = {}, text = '' } = fixture.lastAnswer('token') ?? {}
      if (parseJson(text) === undefined) return
      // A token in a header is complete, even if the body is not.
      if (Object.values(headers).some((header) => header.includes(value))) return
      fixture.emulator.faults.set('token', { name: 'truncated', by: 'json' })
      const halved = await failureOf(
        fixture.client().token(),
        'half of the JSON, from which readTokenResponse must not read a token,',
      )
      expectEqual(halved.code, 'response_unreadable', 'the error code of half of the JSON')
    }),
    check('reads a standard OAuth error', async (fixture) => {
      const body = { error: 'invalid_request', error_description: 'nightlatch test' }
      fixture.emulator.faults.set('token', { name: 'answer', answer: { status: 400, body } })
      const { error, errorDescription } = await failureOf(fixture.client().token(), 'an error response as in RFC 6749')
      const expected = { error: body.error, errorDescription: body.error_description }
      expectThat(
        error === expected.error && errorDescription === expected.errorDescription,
        `for ${JSON.stringify(body)} with status 400 the error should have both fields, but has ${JSON.stringify({ error, errorDescription })}. Fall back to the standard reader in readTokenResponse: const usual = readStandardTokenResponse(answer), then error: ... ?? usual.error and errorDescription: ... ?? usual.errorDescription`,
      )
    }),
    check("treats a proxy's page as an outage", async (fixture) => {
      const answer = { ...page, status: 502, headers: { ...page.headers, ...outageHeaders } }
      fixture.emulator.faults.set('token', { name: 'answer', answer })
      const { code, retryable } = await failureOf(fixture.client().token(), 'a page with status 502')
      expectEqual({ code, retryable }, { code: 'endpoint_unavailable', retryable: true }, 'the error')
    }),
    check('treats an empty 4xx as a grant error', async (fixture) => {
      fixture.emulator.faults.set('token', { name: 'answer', answer: { status: 403 } })
      const { code, status } = await failureOf(fixture.client().token(), 'an empty 403')
      expectEqual({ code, status }, { code: 'grant_refused', status: 403 }, 'the error')
    }),
    check('rejects an unknown token type', async (fixture) => {
      fixture.markSecret((await fixture.client().token()).value)
      const { headers = {}, text = '' } = fixture.lastAnswer('token') ?? {}
      const body = parseJson(text)
      const [type] = leavesOf(body).filter(({ path }) => /^token_?type$/i.test(path.at(-1) ?? ''))
      if (type === undefined) return
      const answer = { headers, body: replaceAt(body, type.path, 'nightlatch-unknown') }
      fixture.emulator.faults.set('token', { name: 'answer', answer })
      // A reader may map a vendor's own type to Bearer.
      const used = await fixture
        .client()
        .token()
        .catch((failure: unknown) => failure)
      const isFine =
        used instanceof NightlatchError
          ? used.code === 'response_unreadable'
          : /^(Bearer|DPoP)$/.test((used as { type: string }).type)
      expectThat(isFine, 'a token of an unknown type should be rejected, unless the reader maps it to Bearer')
    }),
    check('readTokenResponse does not throw for any response', async (fixture) => {
      const read = fixture.provider.readTokenResponse
      fixture.markSecret((await fixture.client().token()).value)
      if (read === undefined) return
      const good = fixture.lastAnswer('token')
      for (const body of unexpectedBodies(parseJson(good?.text ?? ''))) {
        for (const [status, headers] of [200, 400, 502].flatMap((one) => [
          [one, {}] as const,
          [one, good?.headers] as const,
        ])) {
          const fields = attempt(() => read({ status, headers: new Headers(headers), body }))
          expectThat(
            !('thrown' in fields),
            `readTokenResponse threw: ${fields.thrown}; for ${kindOf(body)} with status ${status}`,
          )
          expectThat(
            typeof fields.made === 'object' && fields.made !== null,
            `readTokenResponse returned no fields for ${kindOf(body)}`,
          )
        }
      }
    }),
    check('explain does not throw for any failure', async (fixture) => {
      const explain = fixture.provider.explain
      if (explain === undefined) return
      for (const failure of anyFailure()) {
        const hints = attempt(() => explain(failure))
        const what =
          'code' in failure ? failure.code : `a response with status ${failure.status} and ${kindOf(failure.body)}`
        expectThat(!('thrown' in hints), `explain threw: ${hints.thrown}; for ${what}`)
        const isList = Array.isArray(hints.made) && hints.made.every((hint) => typeof hint === 'string')
        expectThat(isList, `explain should return an array of strings for ${what}`)
      }
    }),
  ]
}

async function readGrant(grant: DocumentedGrant, fixture: Fixture): Promise<void> {
  const { status = 200, headers = {}, body, accessToken, expiresIn, scopes, givenAt } = grant
  const clock = createClock(givenAt)
  fixture.markSecret(accessToken)
  const date = new Date(clock.now()).toUTCString()
  fixture.emulator.faults.set('token', { name: 'answer', answer: { status, headers: { date, ...headers }, body } })
  const token = await fixture.client({ now: clock.now }).token()
  expectThat(token.value === accessToken, 'the token should be the documented one')
  const lifetime = token.expiresAt && (token.expiresAt.getTime() - clock.now()) / 1000
  const expected = expiresIn ?? fixture.provider.defaultLifetime
  const isRight =
    expected === undefined || lifetime === undefined ? lifetime === expected : Math.abs(lifetime - expected) < 2
  expectThat(isRight, `the lifetime should be ${expected} s, but is ${lifetime} s`)
  if (scopes !== undefined) expectEqual(token.scopes, scopes, 'the scopes')
}

async function readRefusal(refusal: DocumentedRefusal, fixture: Fixture): Promise<void> {
  const { status, headers = {}, body, error, errorDescription, code = 'grant_refused' } = refusal
  const { retryable = code === 'endpoint_unavailable' } = refusal
  const answer = { status, headers: { ...outageHeaders, ...headers }, body }
  fixture.emulator.faults.set('token', { name: 'answer', answer })
  const failure = await failureOf(fixture.client().token(), refusal.what)
  expectEqual(
    { code: failure.code, status: failure.status, error: failure.error, retryable: failure.retryable },
    { code, status, error, retryable },
    'the error',
  )
  if (errorDescription !== undefined) expectEqual(failure.errorDescription, errorDescription, 'its description')
}

/** Undocumented bodies, and a valid one with each of its parts replaced. */
function unexpectedBodies(body: unknown): readonly unknown[] {
  const parts = leavesOf(body).flatMap(({ path }) => path.map((_, depth) => path.slice(0, depth + 1)))
  const spoilt = [null, 'text', [], 42].flatMap((junk) => parts.map((path) => replaceAt(body, path, junk)))
  return [undefined, null, '', 'text', 42, true, [], [null], {}, { error: null }, { data: null }, ...spoilt]
}

function anyFailure(): readonly Failure[] {
  const codes = [
    'invalid_options',
    'grant_refused',
    'response_unreadable',
    'endpoint_unavailable',
    'timed_out',
    'discovery_failed',
    'origin_refused',
  ] as const
  const url = new URL('https://api.example/some/path')
  const bodies: readonly unknown[] = [undefined, null, '', 'text', 42, [], {}, { error: null }, { errors: [null] }]
  return [
    ...codes.map((code) => new NightlatchError(code, 'a failure')),
    ...[400, 401, 403].map(
      (status) => new NightlatchError('grant_refused', 'a failure', { status, error: 'invalid_scope' }),
    ),
    ...[200, 400, 401, 403, 404, 500].flatMap((status) => bodies.map((body) => ({ status, url, body }))),
  ]
}

function attempt(work: () => unknown): { readonly made?: unknown; readonly thrown?: string } {
  try {
    return { made: work() }
  } catch (failure) {
    return { thrown: failure instanceof Error ? failure.message : 'a value that is not an Error' }
  }
}

function kindOf(body: unknown): string {
  return body === undefined || body === ''
    ? 'no body'
    : `a body of ${Array.isArray(body) ? 'an array' : body === null ? 'null' : typeof body}`
}
