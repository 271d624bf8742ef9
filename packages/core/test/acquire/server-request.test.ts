import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Certified, createSelfSigned } from '../../../testing/test/certificates.ts'
import type { ClientAuthentication, TokenRequestDraft } from '../../src/acquire/authentication-method.ts'
import { clientSecretBasic } from '../../src/acquire/client-authentication.ts'
import type { Provider, TokenRequestFormat } from '../../src/acquire/provider.ts'
import { authenticate, readSourceJwt, type ServerCall, send } from '../../src/acquire/server-request.ts'
import type { TokenEndpoint, Transport } from '../../src/acquire/token-endpoint.ts'
import type { TokenAnswer } from '../../src/acquire/token-response.ts'
import { NightlatchError } from '../../src/errors.ts'
import { failureOf } from './failure-of.ts'
import { networkTransport } from './network-transport.ts'
import { findLeaks } from './printings.ts'
import { endless, json, type RecordingServer, startRecordingServer, text } from './recording-server.ts'

const clientSecret = 'MARKED-secret: +%/=&ü'
const credentials = { clientId: 'app', clientSecret }
const secrets = [clientSecret, encodeURIComponent(clientSecret)]
// RFC 6749, section 2.3.1: both parts are encoded as in a form.
const basicValue = `Basic ${btoa('app:MARKED-secret%3A+%2B%25%2F%3D%26%C3%BC')}`

let server: RecordingServer
beforeAll(async () => {
  server = await startRecordingServer()
})
beforeEach(() => {
  server.answer(json({ ok: true }))
})
afterAll(() => server.close())

interface Parts {
  readonly origin?: string
  readonly provider?: Partial<Provider>
  /** What is known of the endpoint besides its URL. */
  readonly known?: Partial<TokenEndpoint>
  readonly transport?: Partial<Transport>
  readonly signal?: AbortSignal
}

function callTo({ origin = server.origin, provider, known, transport, signal }: Parts = {}): ServerCall {
  const url = new URL('/token', origin)
  return {
    provider: { name: 'acme', tokenEndpoint: url, ...provider },
    endpoint: { url, issuer: undefined, ...known },
    credentials,
    transport: { ...networkTransport, ...transport },
    signal: signal ?? new AbortController().signal,
  }
}

const draftFor = ({ endpoint }: ServerCall): TokenRequestDraft => ({
  url: new URL(endpoint.url),
  headers: new Headers(),
  parameters: new URLSearchParams({ a: 'b' }),
  issuer: undefined,
  issuerIdentifier: undefined,
  date: new Date(0),
})

/** The draft of a request as the client authentication leaves it. */
async function authenticated(parts: Parts = {}): Promise<TokenRequestDraft> {
  const call = callTo(parts)
  const assertion = await readSourceJwt(call)
  const draft = { ...draftFor(call), ...(assertion !== undefined && { assertion }) }
  await authenticate(call, draft)
  return draft
}

async function exchange(parts: Parts = {}, format?: TokenRequestFormat): Promise<TokenAnswer> {
  const call = callTo(parts)
  const draft = draftFor(call)
  draft.parameters.set('client_secret', clientSecret)
  return (await send(call, draft, format)).answer
}

describe('how the client authenticates', () => {
  const issuer = new URL('https://login.acme.test')

  it('G3: by default with a Basic header', async () => {
    const { headers, parameters } = await authenticated()
    expect(headers.get('authorization')).toBe(basicValue)
    expect([...parameters.keys()]).toEqual(['a'])
  })

  it('G10: by a method of the metadata, if the provider sets none', async () => {
    const { headers, parameters } = await authenticated({
      known: { issuer, authenticationMethods: ['client_secret_post'] },
    })
    expect(parameters.get('client_secret')).toBe(clientSecret)
    expect(headers.get('authorization')).toBeNull()
  })

  it("G10: by the provider's method, whatever the metadata names", async () => {
    const provider = { clientAuthentication: clientSecretBasic() }
    const known = { issuer, authenticationMethods: ['client_secret_post'] }
    const { headers, parameters } = await authenticated({ provider, known })
    expect(headers.get('authorization')).toBe(basicValue)
    expect([...parameters.keys()]).toEqual(['a'])
  })

  it('G10: if no method works with the credentials, the error names those of the server', async () => {
    const known = { issuer, authenticationMethods: ['private_key_jwt'] }
    const failure = await failureOf(authenticated({ known }))
    expect(failure).toMatchObject({ code: 'invalid_options', provider: 'acme' })
    expect(failure.message).toContain('(private_key_jwt)')
    expect(findLeaks(failure, secrets)).toEqual([])
  })

  it('G2: with the JWT of its source, which is asked for each request', async () => {
    const jwts = ['e30.eyJuIjoxfQ.c2ln', 'e30.eyJuIjoyfQ.c2ln']
    const left = [...jwts]
    const clientAuthentication: ClientAuthentication = {
      name: 'own',
      source: async () => left.shift() ?? '',
      authenticate: ({ parameters, assertion = '' }) => parameters.set('client_assertion', assertion),
    }
    for (const jwt of jwts) {
      const { parameters } = await authenticated({ provider: { clientAuthentication } })
      expect(parameters.get('client_assertion')).toBe(jwt)
    }
  })

  it('G2: an asynchronous client authentication is awaited', async () => {
    const clientAuthentication: ClientAuthentication = {
      name: 'own',
      authenticate: async ({ headers }) => {
        await new Promise((resolve) => setImmediate(resolve))
        headers.set('authorization', 'Custom later')
      },
    }
    const { headers } = await authenticated({ provider: { clientAuthentication } })
    expect(headers.get('authorization')).toBe('Custom later')
  })

  it.each([
    ['of its own', new RangeError('no key')],
    ['of ours, from another place', new NightlatchError('invalid_options', 'no key', { provider: 'vault' })],
  ])('X2: a failure %s of the client authentication stays as it is', async (_, failure) => {
    const clientAuthentication = { name: 'own', authenticate: () => Promise.reject(failure) }
    await expect(authenticated({ provider: { clientAuthentication } })).rejects.toBe(failure)
  })

  it.each([
    ['clientAuthentication', { authenticate: () => Promise.reject(new TypeError(clientSecret)) }],
    [
      'clientAuthentication.source',
      {
        authenticate: () => {},
        source: (): Promise<string> => Promise.reject(new TypeError(clientSecret)),
      },
    ],
  ])('X1: a TypeError of %s names it and shows nothing of the error', async (hook, methods) => {
    const failure = await failureOf(authenticated({ provider: { clientAuthentication: { name: 'own', ...methods } } }))
    expect(failure).toMatchObject({
      code: 'invalid_options',
      provider: 'acme',
      message: `acme: the provider's ${hook} threw a TypeError. Its message is withheld because it may contain a secret. Check that it sets no header to a value with a line break.`,
    })
    expect(findLeaks(failure, secrets)).toEqual([])
    expect(server.requests).toEqual([])
  })
})

describe('the request', () => {
  it('G1: parameters in a form by POST, or in the query of a GET', async () => {
    await exchange()
    expect(server.onlyRequest).toMatchObject({ method: 'POST', target: '/token' })
    expect([...new URLSearchParams(server.onlyRequest.body)]).toEqual([
      ['a', 'b'],
      ['client_secret', clientSecret],
    ])
    server.answer(json({}))
    await exchange({}, { method: 'GET' })
    expect(server.onlyRequest).toMatchObject({ method: 'GET', body: '' })
    expect(server.onlyRequest.target).toMatch(/^\/token\?a=b&client_secret=/)
  })

  it('R1: the answer has its status, headers and body, whatever the status', async () => {
    server.answer(json({ error: 'invalid_client' }, 401, { 'x-id': '7' }))
    const { status, headers, body } = await exchange()
    expect([status, headers.get('x-id'), body]).toEqual([401, '7', { error: 'invalid_client' }])
  })

  it('R5: with 1 MiB and more', async () => {
    server.answer(text('x'.repeat(1024 * 1024 + 1), 500))
    expect(await failureOf(exchange())).toMatchObject({ code: 'response_unreadable', status: 500, provider: 'acme' })
  })

  it('R5: a closed port', async () => {
    const gone = await startRecordingServer()
    await gone.close()
    const failure = await failureOf(exchange({ origin: gone.origin }))
    expect(failure).toMatchObject({ code: 'endpoint_unavailable', retryable: true, status: undefined })
    expect(failure.message).toContain('ECONNREFUSED')
  })

  it('R5: a transport failure without a code is reported without one', async () => {
    const fetch = (): Promise<Response> => Promise.reject(new TypeError('fetch failed'))
    const failure = await failureOf(exchange({ transport: { fetch } }))
    expect(failure.message).toBe(`acme: ${server.origin}/token did not answer`)
  })

  it('R5: an unknown host is unavailable', async () => {
    const failure = await failureOf(
      exchange({
        transport: {
          fetch: () => {
            const unknown = Object.assign(new Error(`getaddrinfo ENOTFOUND ${clientSecret}`), { code: 'ENOTFOUND' })
            return Promise.reject(new TypeError('fetch failed', { cause: unknown }))
          },
        },
      }),
    )
    expect(failure).toMatchObject({ code: 'endpoint_unavailable' })
    expect(failure.message).toContain('ENOTFOUND')
    expect(findLeaks(failure, secrets)).toEqual([])
  })

  it('G7: a response that stops in the middle ends with the signal, and the connection is closed', async () => {
    const controller = new AbortController()
    const reason = new NightlatchError('timed_out', 'too late')
    server.answer((response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{', () => controller.abort(reason))
    })
    await expect(exchange({ signal: controller.signal })).rejects.toBe(reason)
    await server.onlyRequest.connectionClosed
  })

  it('G7: a missing response ends with the signal, and the connection is closed', async () => {
    const controller = new AbortController()
    const reason = new NightlatchError('timed_out', 'too late')
    server.answer(() => controller.abort(reason))
    await expect(exchange({ signal: controller.signal })).rejects.toBe(reason)
    await server.onlyRequest.connectionClosed
  })

  it('G7: an endless response is not read further', async () => {
    const { answer, written } = endless()
    server.answer(answer)
    const failure = await failureOf(exchange())
    expect(failure).toMatchObject({ code: 'response_unreadable', status: 200 })
    expect(failure.message).toContain('1 MiB')
    await server.onlyRequest.connectionClosed
    expect(written()).toBeGreaterThan(1024 * 1024)
  })
})

describe('https', () => {
  let certificate: Certified
  let secure: RecordingServer
  beforeAll(async () => {
    certificate = await createSelfSigned()
    secure = await startRecordingServer(certificate)
  })
  afterAll(() => secure.close())

  it('G7: a server with an untrusted certificate gets no request, and the error says so', async () => {
    const failure = await failureOf(exchange({ origin: secure.origin }))
    expect(failure).toMatchObject({ code: 'endpoint_unavailable', retryable: false, status: undefined })
    expect(failure.message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT')
    expect(secure.requests).toEqual([])
    expect(findLeaks(failure, secrets)).toEqual([])
  })

  it('G7: https to a plain http server, and http to an https server, fail', async () => {
    const toPlain = await failureOf(exchange({ origin: server.origin.replace('http:', 'https:') }))
    expect(toPlain.code).toBe('endpoint_unavailable')
    expect(server.requests).toEqual([])
    const toSecure = await failureOf(exchange({ origin: secure.origin.replace('https:', 'http:') }))
    expect(toSecure.code).toBe('endpoint_unavailable')
    expect(findLeaks([toPlain, toSecure], secrets)).toEqual([])
  })

  it('G7: a server with a trusted certificate gets the request', async () => {
    const before = getCACertificates('default')
    setDefaultCACertificates([...before, certificate.cert])
    // A server of its own: a connection that was refused is not tried again with another trust.
    const trusted = await startRecordingServer(certificate)
    try {
      trusted.answer(json({ ok: true }))
      expect((await exchange({ origin: trusted.origin })).body).toEqual({ ok: true })
      expect(trusted.onlyRequest.body).toContain('client_secret=')
    } finally {
      setDefaultCACertificates(before)
      await trusted.close()
    }
  })
})
