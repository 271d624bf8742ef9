import type { RecordedRequest } from '../recorded-request.ts'
import type { Bench, Stand } from './bench.ts'
import { type Check, expectEqual, expectThat, failureOf } from './check.ts'
import type { DocumentedRequest, ProviderOffers, ProviderSuite } from './provider-suite.ts'
import { bodyMembers, encodingsOf, parseJson, placesOf } from './secret-places.ts'

export function requestChecks(suite: ProviderSuite<ProviderOffers, unknown>, bench: Bench): readonly Check[] {
  const check = (name: string, use: (stand: Stand) => Promise<void>): Check => ({
    group: 'asking for a token',
    name,
    run: () => bench(use),
  })
  return [
    check('gives a token', async (stand) => {
      const token = await stand.client().token()
      stand.mark(token.value)
      expectEqual(stand.requests('token').length, 1, 'the number of token requests')
    }),
    check('discovers what the suite was told', async ({ provider: { api, tokenEndpoint } }) => {
      const discovers = typeof api === 'function' ? 'api' : tokenEndpoint === undefined ? 'issuer' : undefined
      const wanted = discovers === undefined ? 'no `discovers`' : `discovers: '${discovers}'`
      expectThat(suite.discovers === discovers, `testProvider should be told ${wanted}`)
    }),
    check('says what its body is', async (stand) => {
      const { method, body, headers } = await requestOf(stand)
      const { tokenRequest = {} } = stand.provider
      expectEqual(method, tokenRequest.method ?? 'POST', 'the method')
      const type = typeOf(headers)
      if (body === '') return expectEqual(type, null, 'the content type of no body')
      const isJson = typeof parseJson(body) === 'object'
      expectEqual(type, isJson ? 'application/json' : 'application/x-www-form-urlencoded', 'the content type')
    }),
    check('says what answer it can read', async (stand) => {
      const { headers } = await requestOf(stand)
      const accept = headers.get('accept') ?? ''
      expectThat(/json|text\/plain|urlencoded|\*\/\*/.test(accept), `Accept is "${accept}": no token comes as that`)
    }),
    check('authenticates its client once', async (stand) => {
      const request = await requestOf(stand)
      const places = placesOf(stand.emulator.credentials.clientSecret, request)
      if (suite.sendsSecret === false) return expectEqual(places, [], 'the places of the client secret')
      const words = places.length === 0 ? 'is nowhere' : `is in ${places.length} places (${places.join(', ')})`
      expectThat(
        places.length === 1,
        `the client secret ${words}, and belongs in one; if the vendor wants a signature instead, say sendsSecret: false`,
      )
    }),
    check('sends no empty parameter, and none twice', async (stand) => {
      const request = await requestOf(stand)
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
    ...(suite.request === undefined ? [] : [check('asks as its vendor documents', compareWith(suite.request))]),
    check('follows no redirect with the client secret', async (stand) => {
      for (const status of [302, 307, 308] as const) {
        stand.emulator.faults.set('token', { name: 'redirect', to: `${stand.stranger}/caught`, status })
        const { code } = await failureOf(stand.client().token(), 'a redirected token request')
        expectEqual(code, 'response_unreadable', 'the error code')
      }
      expectEqual(stand.stray.length, 0, 'the number of requests at the other server')
    }),
    ...(suite.sendsSecret === false ? [] : [check('is refused with a wrong secret, and does not insist', refuse)]),
  ]
}

async function refuse(stand: Stand): Promise<void> {
  const { clientId } = stand.emulator.credentials
  const credentials = { clientId, clientSecret: 'nightlatch-wrong-secret' }
  const failure = await failureOf(stand.client({ credentials }).token(), 'a token request with a wrong secret')
  expectEqual(
    { code: failure.code, retryable: failure.retryable },
    { code: 'grant_refused', retryable: false },
    'the error',
  )
  expectEqual(stand.requests('token').length, 1, 'the number of token requests')
}

async function requestOf(stand: Stand): Promise<RecordedRequest> {
  const token = await stand.client().token()
  stand.mark(token.value)
  const [request] = stand.requests('token')
  expectThat(request !== undefined, 'the emulator got no token request')
  return request
}

function typeOf(headers: Headers): string | null {
  return headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? null
}

function compareWith(documented: DocumentedRequest): (stand: Stand) => Promise<void> {
  return async (stand) => {
    const request = await requestOf(stand)
    const { method = 'POST', contentType = 'application/x-www-form-urlencoded', headers = {}, parameters } = documented
    const show = (value: unknown): unknown => withoutCredentials(value, stand)
    expectEqual(request.method, method, 'the method')
    // A GET, or a POST without a body, has no content type to document.
    const wantsBody = contentType !== null && method !== 'GET'
    if (wantsBody || request.body !== '') expectEqual(typeOf(request.headers), contentType, 'the content type')
    for (const [name, wanted] of Object.entries(headers)) {
      expectEqual(show(request.headers.get(name)), wanted, `the header ${name}`)
    }
    const json = parseJson(request.body)
    const sent = request.body === '' ? toMembers(request.query) : (json ?? toMembers(request.form))
    expectEqual(show(sent), parameters, 'what is sent')
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

/** Credentials as a vendor's page writes them: by name. */
function withoutCredentials(value: unknown, stand: Stand): unknown {
  const { clientId, clientSecret } = stand.emulator.credentials
  if (typeof value === 'string') {
    const [, scheme = '', encoded = ''] = /^([A-Za-z][\w-]{0,40}) ([A-Za-z0-9+/_-]+={0,2})$/.exec(value) ?? []
    const decoded = Buffer.from(encoded, 'base64').toString('utf8')
    // Of another scheme what follows may be what it looks like: a token, a key.
    const isPair = scheme === 'Basic' || encodingsOf(clientSecret).some((form) => decoded.includes(`:${form}`))
    let text = scheme !== '' && isPair ? `${scheme} ${decoded}` : value
    for (const form of encodingsOf(clientSecret)) text = text.replaceAll(form, '{clientSecret}')
    for (const form of encodingsOf(clientId)) text = text.replaceAll(form, '{clientId}')
    return text
  }
  if (Array.isArray(value)) return value.map((one) => withoutCredentials(one, stand))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withoutCredentials(one, stand)]))
}
