import { type Failure, NightlatchError } from '@nightlatch/core'
import { createClock } from '../clock.ts'
import type { Answer } from '../faults.ts'
import type { Bench, Stand } from './bench.ts'
import { type Check, expectEqual, expectThat, failureOf } from './check.ts'
import { outageHeaders } from './outage-headers.ts'
import type { DocumentedGrant, DocumentedRefusal, ProviderOffers, ProviderSuite } from './provider-suite.ts'
import { leavesOf, parseJson, replaceAt } from './secret-places.ts'

const page: Answer = {
  headers: { 'content-type': 'text/html' },
  body: '<!doctype html>\n<title>Sign in</title>\n',
}

/** Answers that hold no token, whoever's they are. */
const tokenless: Readonly<Record<string, Answer>> = {
  'an HTML page': page,
  nothing: { body: '' },
  'an empty object': { body: {} },
  'an empty array': { body: [] },
  'two megabytes': { body: { padding: 'x'.repeat(2 * 1024 * 1024) } },
}

export function answerChecks(suite: ProviderSuite<ProviderOffers, unknown>, bench: Bench): readonly Check[] {
  const check = (name: string, use: (stand: Stand) => Promise<void>): Check => ({
    group: 'reading the answer',
    name,
    run: () => bench(use),
  })
  return [
    ...(suite.grants ?? []).map((grant) => check(`reads ${grant.what}`, (stand) => readGrant(grant, stand))),
    ...(suite.refusals ?? []).map((one) => check(`reads the refusal: ${one.what}`, (stand) => readRefusal(one, stand))),
    ...Object.entries(tokenless).map(([what, answer]) =>
      check(`takes no token from ${what}`, async (stand) => {
        stand.emulator.faults.set('token', { name: 'answer', answer })
        const { code } = await failureOf(stand.client().token(), `an answer of ${what}`)
        expectThat(
          /^(response_unreadable|grant_refused)$/.test(code),
          `the error code should be response_unreadable, and is ${code}`,
        )
      }),
    ),
    check('takes no token from half an answer', async (stand) => {
      const { value } = await stand.client().token()
      stand.mark(value)
      stand.emulator.faults.set('token', { name: 'truncated' })
      const broken = await failureOf(stand.client().token(), 'an answer that breaks off')
      expectEqual(broken.code, 'endpoint_unavailable', 'the error code of an answer that breaks off')
      // Half of a text is a text: only of JSON can be told that it is not whole.
      const { headers = {}, text = '' } = stand.answered('token') ?? {}
      if (parseJson(text) === undefined) return
      // A token in a header is whole, whatever became of the body.
      if (Object.values(headers).some((header) => header.includes(value))) return
      stand.emulator.faults.set('token', { name: 'truncated', by: 'json' })
      const halved = await failureOf(
        stand.client().token(),
        'half of the JSON, out of which readTokenResponse must take no token,',
      )
      expectEqual(halved.code, 'response_unreadable', 'the error code of half of the JSON')
    }),
    check('reads a refusal in the words of the standard', async (stand) => {
      const body = { error: 'invalid_request', error_description: 'nightlatch asks' }
      stand.emulator.faults.set('token', { name: 'answer', answer: { status: 400, body } })
      const { error, errorDescription } = await failureOf(stand.client().token(), 'a refusal as RFC 6749 has it')
      const wanted = { error: body.error, errorDescription: body.error_description }
      expectThat(
        error === wanted.error && errorDescription === wanted.errorDescription,
        `of ${JSON.stringify(body)} with status 400 the error should tell both, and tells ${JSON.stringify({ error, errorDescription })}; a reader of your own keeps what the default found: const usual = readStandardTokenResponse(answer), then error: ... ?? usual.error and errorDescription: ... ?? usual.errorDescription`,
      )
    }),
    check('takes the page of a proxy for an outage', async (stand) => {
      const answer = { ...page, status: 502, headers: { ...page.headers, ...outageHeaders } }
      stand.emulator.faults.set('token', { name: 'answer', answer })
      const { code, retryable } = await failureOf(stand.client().token(), 'a page with status 502')
      expectEqual({ code, retryable }, { code: 'endpoint_unavailable', retryable: true }, 'the error')
    }),
    check('takes a 4xx with nothing in it for a refusal', async (stand) => {
      stand.emulator.faults.set('token', { name: 'answer', answer: { status: 403 } })
      const { code, status } = await failureOf(stand.client().token(), 'a 403 with nothing in it')
      expectEqual({ code, status }, { code: 'grant_refused', status: 403 }, 'the error')
    }),
    check('uses no token of a type that its API does not take', async (stand) => {
      stand.mark((await stand.client().token()).value)
      const { headers = {}, text = '' } = stand.answered('token') ?? {}
      const body = parseJson(text)
      const [type] = leavesOf(body).filter(({ path }) => /^token_?type$/i.test(path.at(-1) ?? ''))
      if (type === undefined) return
      const answer = { headers, body: replaceAt(body, type.path, 'nightlatch-unheard-of') }
      stand.emulator.faults.set('token', { name: 'answer', answer })
      // A reader may know that its vendor's words mean nothing: then it says Bearer.
      const used = await stand
        .client()
        .token()
        .catch((failure: unknown) => failure)
      const isFine =
        used instanceof NightlatchError
          ? used.code === 'response_unreadable'
          : /^(Bearer|DPoP)$/.test((used as { type: string }).type)
      expectThat(isFine, 'a token of an unheard-of type should be refused, or be a Bearer token by the reader’s word')
    }),
    check('reads any answer without throwing', async (stand) => {
      const read = stand.provider.readTokenResponse
      stand.mark((await stand.client().token()).value)
      if (read === undefined) return
      const good = stand.answered('token')
      for (const body of oddBodies(parseJson(good?.text ?? ''))) {
        for (const [status, headers] of [200, 400, 502].flatMap((one) => [
          [one, {}] as const,
          [one, good?.headers] as const,
        ])) {
          const fields = tryTo(() => read({ status, headers: new Headers(headers), body }))
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
    check('explains any failure without throwing', async (stand) => {
      const explain = stand.provider.explain
      if (explain === undefined) return
      for (const failure of anyFailure()) {
        const hints = tryTo(() => explain(failure))
        const what =
          'code' in failure ? failure.code : `an answer with status ${failure.status} and ${kindOf(failure.body)}`
        expectThat(!('thrown' in hints), `explain threw: ${hints.thrown}; for ${what}`)
        const isList = Array.isArray(hints.made) && hints.made.every((hint) => typeof hint === 'string')
        expectThat(isList, `explain should return an array of texts for ${what}`)
      }
    }),
  ]
}

async function readGrant(grant: DocumentedGrant, stand: Stand): Promise<void> {
  const { status = 200, headers = {}, body, accessToken, expiresIn, scopes, givenAt } = grant
  const clock = createClock(givenAt)
  stand.mark(accessToken)
  const date = new Date(clock.now()).toUTCString()
  stand.emulator.faults.set('token', { name: 'answer', answer: { status, headers: { date, ...headers }, body } })
  const token = await stand.client({ now: clock.now }).token()
  expectThat(token.value === accessToken, 'the token is not the documented one')
  const lifetime = token.expiresAt && (token.expiresAt.getTime() - clock.now()) / 1000
  const wanted = expiresIn ?? stand.provider.defaultLifetime
  const isRight = wanted === undefined || lifetime === undefined ? lifetime === wanted : Math.abs(lifetime - wanted) < 2
  expectThat(isRight, `the lifetime should be ${wanted} seconds, and is ${lifetime}`)
  if (scopes !== undefined) expectEqual(token.scopes, scopes, 'the scopes')
}

async function readRefusal(refusal: DocumentedRefusal, stand: Stand): Promise<void> {
  const { status, headers = {}, body, error, errorDescription, code = 'grant_refused' } = refusal
  const { retryable = code === 'endpoint_unavailable' } = refusal
  const answer = { status, headers: { ...outageHeaders, ...headers }, body }
  stand.emulator.faults.set('token', { name: 'answer', answer })
  const failure = await failureOf(stand.client().token(), refusal.what)
  expectEqual(
    { code: failure.code, status: failure.status, error: failure.error, retryable: failure.retryable },
    { code, status, error, retryable },
    'the error',
  )
  if (errorDescription !== undefined) expectEqual(failure.errorDescription, errorDescription, 'its description')
}

/** Bodies that no document shows, and a real one with each of its parts spoilt. */
function oddBodies(body: unknown): readonly unknown[] {
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

function tryTo(work: () => unknown): { readonly made?: unknown; readonly thrown?: string } {
  try {
    return { made: work() }
  } catch (failure) {
    return { thrown: failure instanceof Error ? failure.message : 'what is no Error' }
  }
}

function kindOf(body: unknown): string {
  return body === undefined || body === ''
    ? 'nothing'
    : `a body of ${Array.isArray(body) ? 'an array' : body === null ? 'null' : typeof body}`
}
