import type { RecordedRequest } from '../recorded-request.ts'
import { type Check, expectEqual, expectThat, failureOf } from './check.ts'
import type { Fixture, RunWithFixture } from './fixture.ts'
import type { DocumentedRequest, ProviderOffers, ProviderSuite } from './provider-suite.ts'
import { bodyMembers, encodingsOf, parseJson, placesOf } from './secret-places.ts'

export function requestChecks(
  suite: ProviderSuite<ProviderOffers, unknown>,
  runWithFixture: RunWithFixture,
): readonly Check[] {
  const check = (name: string, use: (fixture: Fixture) => Promise<void>): Check => ({
    group: 'token request',
    name,
    run: () => runWithFixture(use),
  })
  return [
    check('returns a token', async (fixture) => {
      const token = await fixture.client().token()
      fixture.markSecret(token.value)
      expectEqual(fixture.requests('token').length, 1, 'the number of token requests')
    }),
    check('discovers what the option `discovers` says', async ({ provider: { api, tokenEndpoint } }) => {
      const discovers = typeof api === 'function' ? 'api' : tokenEndpoint === undefined ? 'issuer' : undefined
      const option = discovers === undefined ? 'no `discovers`' : `discovers: '${discovers}'`
      expectThat(suite.discovers === discovers, `this provider requires ${option} in the options of testProvider`)
    }),
    check('sends the content type of its body', async (fixture) => {
      const { method, body, headers } = await requestOf(fixture)
      const { tokenRequest = {} } = fixture.provider
      expectEqual(method, tokenRequest.method ?? 'POST', 'the method')
      const type = typeOf(headers)
      if (body === '') return expectEqual(type, null, 'the content type of an empty body')
      const isJson = typeof parseJson(body) === 'object'
      expectEqual(type, isJson ? 'application/json' : 'application/x-www-form-urlencoded', 'the content type')
    }),
    check('accepts a content type that it can read', async (fixture) => {
      const { headers } = await requestOf(fixture)
      const accept = headers.get('accept') ?? ''
      expectThat(
        /json|text\/plain|urlencoded|\*\/\*/.test(accept),
        `Accept is "${accept}", which is not a format of token responses`,
      )
    }),
    check('sends the client secret in one place', async (fixture) => {
      const request = await requestOf(fixture)
      const places = placesOf(fixture.emulator.credentials.clientSecret, request)
      if (suite.sendsSecret === false) return expectEqual(places, [], 'the places of the client secret')
      const found = places.length === 0 ? 'missing' : `in ${places.length} places (${places.join(', ')})`
      expectThat(
        places.length === 1,
        `the client secret should be in one place, but is ${found}. If the vendor requires a signature instead, set sendsSecret: false`,
      )
    }),
    check('sends no empty or repeated parameter', async (fixture) => {
      const request = await requestOf(fixture)
      const sent = [...request.query, ...bodyMembers(request)]
      expectEqual(
        sent.filter(([, value]) => value === '').map(([name]) => name),
        [],
        'the empty parameters',
      )
      const names = sent.map(([name]) => name).filter((name) => !/^(resource|audience)(\.\d+)?$/.test(name))
      expectEqual(
        names.filter((name, at) => names.indexOf(name) < at),
        [],
        'the repeated parameters',
      )
    }),
    ...(suite.request === undefined ? [] : [check('matches the documented request', compareWith(suite.request))]),
    check('does not follow redirects with the client secret', async (fixture) => {
      for (const status of [302, 307, 308] as const) {
        fixture.emulator.faults.set('token', { name: 'redirect', to: `${fixture.foreignServer}/caught`, status })
        const { code } = await failureOf(fixture.client().token(), 'a redirected token request')
        expectEqual(code, 'response_unreadable', 'the error code')
      }
      expectEqual(fixture.strayRequests.length, 0, 'the number of requests at the other server')
    }),
    ...(suite.sendsSecret === false ? [] : [check('fails with a wrong secret, without a retry', refuse)]),
  ]
}

async function refuse(fixture: Fixture): Promise<void> {
  const { clientId } = fixture.emulator.credentials
  const credentials = { clientId, clientSecret: 'nightlatch-wrong-secret' }
  const failure = await failureOf(fixture.client({ credentials }).token(), 'a token request with a wrong secret')
  expectEqual(
    { code: failure.code, retryable: failure.retryable },
    { code: 'grant_refused', retryable: false },
    'the error',
  )
  expectEqual(fixture.requests('token').length, 1, 'the number of token requests')
}

async function requestOf(fixture: Fixture): Promise<RecordedRequest> {
  const token = await fixture.client().token()
  fixture.markSecret(token.value)
  const [request] = fixture.requests('token')
  expectThat(request !== undefined, 'the emulator received no token request')
  return request
}

function typeOf(headers: Headers): string | null {
  return headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? null
}

function compareWith(documented: DocumentedRequest): (fixture: Fixture) => Promise<void> {
  return async (fixture) => {
    const request = await requestOf(fixture)
    const { method = 'POST', contentType = 'application/x-www-form-urlencoded', headers = {}, parameters } = documented
    const show = (value: unknown): unknown => withoutCredentials(value, fixture)
    expectEqual(request.method, method, 'the method')
    // A GET, or a POST without a body, has no content type.
    const hasBody = contentType !== null && method !== 'GET'
    if (hasBody || request.body !== '') expectEqual(typeOf(request.headers), contentType, 'the content type')
    for (const [name, value] of Object.entries(headers)) {
      expectEqual(show(request.headers.get(name)), value, `the header ${name}`)
    }
    const json = parseJson(request.body)
    const sent = request.body === '' ? toMembers(request.query) : (json ?? toMembers(request.form))
    expectEqual(show(sent), parameters, 'the parameters')
  }
}

function toMembers(parameters: URLSearchParams): Record<string, unknown> {
  return Object.fromEntries(
    [...new Set(parameters.keys())].map((name) => {
      const values = parameters.getAll(name)
      return [name, values.length === 1 ? values[0] : values]
    }),
  )
}

/** Replaces credentials by the placeholders of documents. */
function withoutCredentials(value: unknown, fixture: Fixture): unknown {
  const { clientId, clientSecret } = fixture.emulator.credentials
  if (typeof value === 'string') {
    const [, scheme = '', encoded = ''] = /^([A-Za-z][\w-]{0,40}) ([A-Za-z0-9+/_-]+={0,2})$/.exec(value) ?? []
    const decoded = Buffer.from(encoded, 'base64').toString('utf8')
    // Another scheme is not necessarily followed by Base64.
    const isPair = scheme === 'Basic' || encodingsOf(clientSecret).some((form) => decoded.includes(`:${form}`))
    let text = scheme !== '' && isPair ? `${scheme} ${decoded}` : value
    for (const form of encodingsOf(clientSecret)) text = text.replaceAll(form, '{clientSecret}')
    for (const form of encodingsOf(clientId)) text = text.replaceAll(form, '{clientId}')
    return text
  }
  if (Array.isArray(value)) return value.map((one) => withoutCredentials(one, fixture))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withoutCredentials(one, fixture)]))
}
