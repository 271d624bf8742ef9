import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { clientSecretBasic, none, tlsClientAuth } from '../../src/acquire/client-authentication.ts'
import { createEndpointFinder } from '../../src/acquire/endpoint-finder.ts'
import type { Provider } from '../../src/acquire/provider.ts'
import type { TokenEndpoint, Transport } from '../../src/acquire/token-endpoint.ts'
import { NightlatchError } from '../../src/errors.ts'
import { anyWebUrl } from '../arbitraries.ts'
import { stopTimers } from '../virtual-time.ts'
import { waitUntil } from '../wait-until.ts'
import { failureOf } from './failure-of.ts'
import { networkTransport } from './network-transport.ts'
import { findLeaks } from './printings.ts'
import { type Answer, json, type RecordingServer, startRecordingServer, text } from './recording-server.ts'

const oauth = '/.well-known/oauth-authorization-server'
const oidc = '/.well-known/openid-configuration'

let server: RecordingServer
beforeAll(async () => {
  server = await startRecordingServer()
})
beforeEach(() => {
  server.answer(text('not found', 404))
})
afterAll(() => server.close())

function finder(
  provider: Partial<Provider> = {},
  overrides: Partial<Transport> = {},
  timeout = 10,
): (signal?: AbortSignal) => Promise<TokenEndpoint> {
  const { find } = createEndpointFinder(
    { name: 'acme', issuer: server.origin, ...provider },
    { ...networkTransport, ...overrides },
    timeout,
  )
  return (signal = new AbortController().signal) => find(signal)
}

/** Answers by path, and 404 elsewhere. */
function routes(answers: Readonly<Record<string, Answer>>): Answer {
  return (response, request) => (answers[request.target] ?? text('not found', 404))(response, request)
}

function metadata(overrides: Readonly<Record<string, unknown>> = {}): Answer {
  return json({ issuer: server.origin, token_endpoint: `${server.origin}/OAuth/Token?v=1`, ...overrides })
}

/**
 * Reads the metadata by another finder, from a server of its own: what an earlier reading would still send or keep, it has sent
 * or kept by then, as it takes the same steps.
 */
async function outlastEarlierReadings(): Promise<void> {
  const other = await startRecordingServer()
  try {
    other.answer((response, request) =>
      request.target === oauth
        ? text('', 404)(response, request)
        : json({ issuer: other.origin, token_endpoint: `${other.origin}/token` })(response, request),
    )
    await finder({ issuer: other.origin })()
  } finally {
    await other.close()
  }
}

const targets = (): readonly string[] => server.requests.map(({ target }) => target)

describe('createEndpointFinder', () => {
  it('G4: a declared token endpoint is used as it is, and no metadata is requested', async () => {
    const find = finder({ tokenEndpoint: `${server.origin}/Token?v=1`, issuer: `${server.origin}/issuer` })
    const { url, issuer } = await find()
    expect(url.href).toBe(`${server.origin}/Token?v=1`)
    expect(issuer?.href).toBe(`${server.origin}/issuer`)
    expect(server.requests).toEqual([])
  })

  it('G4: a server with RFC 8414 metadata alone', async () => {
    server.answer(routes({ [oauth]: metadata() }))
    const { url, issuer } = await finder()()
    expect(url.href).toBe(`${server.origin}/OAuth/Token?v=1`)
    expect(issuer?.href).toBe(`${server.origin}/`)
    expect(targets()).toEqual([oauth])
    expect(server.onlyRequest.method).toBe('GET')
    expect(server.onlyRequest.headers.accept).toContain('application/json')
    expect(server.onlyRequest.headers.authorization).toBeUndefined()
  })

  it('G4: a server with OpenID Connect Discovery alone', async () => {
    server.answer(routes({ [oidc]: metadata() }))
    expect((await finder()()).url.href).toBe(`${server.origin}/OAuth/Token?v=1`)
    expect(targets()).toEqual([oauth, oidc])
  })

  it('G4: an issuer with a path: RFC 8414 adds it after the well-known path, OpenID Connect before', async () => {
    const issuer = `${server.origin}/oauth2/AUS123`
    const answer = json({ issuer, token_endpoint: `${issuer}/v1/token` })
    server.answer(routes({ [`${oauth}/oauth2/AUS123`]: answer }))
    expect((await finder({ issuer })()).url.href).toBe(`${issuer}/v1/token`)
    server.answer(routes({ [`/oauth2/AUS123${oidc}`]: answer }))
    expect((await finder({ issuer: new URL(issuer) })()).url.href).toBe(`${issuer}/v1/token`)
    expect(targets()).toEqual([`${oauth}/oauth2/AUS123`, `/oauth2/AUS123${oidc}`])
  })

  const shapes = ['', '/', '/tenants/Acme', '/tenants/Acme/']
  it.each(shapes.flatMap((path) => [`${path} oauth`, `${path} oidc`]))(
    'G4, G8: an issuer that ends in "%s": found where it lies, and known by its very spelling',
    async (shape) => {
      const [path = '', way] = shape.split(' ')
      const issuer = `${server.origin}${path}`
      const bare = path.replace(/\/$/, '')
      const place = way === 'oauth' ? `${oauth}${bare}` : `${bare}${oidc}`
      server.answer(routes({ [place]: json({ issuer, token_endpoint: `${server.origin}/token` }) }))
      const found = await finder({ issuer })()
      expect(found.url.href).toBe(`${server.origin}/token`)
      expect(found.issuerIdentifier).toBe(issuer)
      expect(targets()).toEqual(way === 'oauth' ? [place] : [`${oauth}${bare}`, place])
    },
  )

  it('G8: the spelling is that of the metadata; of a declared endpoint, that of the provider', async () => {
    server.answer(routes({ [oauth]: metadata({ issuer: `${server.origin}/` }) }))
    expect((await finder()()).issuerIdentifier).toBe(`${server.origin}/`)
    const tokenEndpoint = `${server.origin}/token`
    expect((await finder({ tokenEndpoint })()).issuerIdentifier).toBe(server.origin)
    const declared = createEndpointFinder({ name: 'acme', tokenEndpoint }, networkTransport, 10)
    expect(await declared.find(new AbortController().signal)).toMatchObject({
      issuer: undefined,
      issuerIdentifier: undefined,
    })
  })

  it('G4: an issuer that differs in the slash at its end is another one, and the message says so', async () => {
    const issuer = `${server.origin}/tenant`
    server.answer(json({ issuer: `${issuer}/`, token_endpoint: `${issuer}/token` }))
    for (const issuerMetadata of [{}, { acceptIssuer: 'https://idp.acme.test' }]) {
      const failure = await failureOf(finder({ issuer, issuerMetadata })())
      expect(failure.code).toBe('discovery_failed')
      expect(failure.message).toContain('the metadata of another issuer: the two differ only in the slash at the end')
    }
  })

  describe('issuerMetadata.acceptIssuer', () => {
    const inside = 'http://keycloak:8080/realms/acme'

    it('G4: the accepted issuer is accepted, and assertions are made for it', async () => {
      server.answer(metadata({ issuer: inside }))
      for (const acceptIssuer of [inside, new URL(inside)]) {
        const found = await finder({ issuerMetadata: { acceptIssuer } })()
        expect(found.url.pathname).toBe('/OAuth/Token')
        expect(found.issuer?.href).toBe(inside)
        expect(found.issuerIdentifier).toBe(inside)
      }
    })

    it("G4: the provider's own issuer stays accepted, and any third one is rejected", async () => {
      const find = finder({ issuerMetadata: { acceptIssuer: inside } })
      for (const issuer of ['https://evil.test', `${inside}/`, 'http://keycloak:8080', `${server.origin}/tenant`]) {
        server.answer(metadata({ issuer }))
        expect(await failureOf(find())).toMatchObject({ code: 'discovery_failed', retryable: false })
      }
      server.answer(metadata())
      expect((await find()).issuerIdentifier).toBe(server.origin)
    })

    it('G4: without it, the message names it', async () => {
      server.answer(metadata({ issuer: inside }))
      const failure = await failureOf(finder()())
      expect(failure.message).toContain('which issuerMetadata.acceptIssuer can permit')
      expect(findLeaks(failure, ['keycloak'])).toEqual([])
    })
  })

  describe('the issuers that openid-client would accept', () => {
    it.each(['https://login.microsoftonline.com/acme.test/v2.0', 'https://acme.b2clogin.com/acme.test/v2.0'])(
      'G4: %s is held to its name, too',
      async (issuer) => {
        const fetch = async (): Promise<Response> =>
          Response.json({ issuer: 'https://evil.test', token_endpoint: 'https://evil.test/token' })
        await expect(finder({ issuer }, { fetch })()).rejects.toMatchObject({ code: 'discovery_failed' })
      },
    )
  })

  it.each<[string, unknown, readonly string[]]>([
    ['names', ['private_key_jwt', 'none'], ['private_key_jwt', 'none']],
    ['leaves out, which means Basic', undefined, ['client_secret_basic']],
    ['has as something else', 'client_secret_post', ['client_secret_basic']],
    ['names as none', [], []],
  ])('G10: the methods of authentication that the metadata %s', async (_, methods, expected) => {
    server.answer(metadata({ token_endpoint_auth_methods_supported: methods }))
    expect((await finder()()).authenticationMethods).toEqual(expected)
  })

  it.each([undefined, null, 7, {}])('a revocation endpoint that is %j is none', async (revocation_endpoint) => {
    server.answer(metadata({ revocation_endpoint }))
    expect(await finder()()).not.toHaveProperty('revocationEndpoint')
  })

  it('G10: a declared endpoint has no known methods', async () => {
    const found = await finder({ tokenEndpoint: `${server.origin}/token` })()
    expect(found.authenticationMethods).toBeUndefined()
  })

  describe('mtls_endpoint_aliases', () => {
    const mtls_endpoint_aliases = { token_endpoint: 'https://mtls.acme.test/token' }

    it('G4: its token endpoint is used for a client with a certificate', async () => {
      server.answer(metadata({ mtls_endpoint_aliases }))
      const { url } = await finder({ clientAuthentication: tlsClientAuth() })()
      expect(url.href).toBe('https://mtls.acme.test/token')
    })

    it('G4: its token endpoint is not used for other clients', async () => {
      server.answer(metadata({ mtls_endpoint_aliases }))
      for (const clientAuthentication of [none(), clientSecretBasic()]) {
        expect((await finder({ clientAuthentication })()).url.pathname).toBe('/OAuth/Token')
      }
      expect((await finder()()).url.pathname).toBe('/OAuth/Token')
    })

    it.each([undefined, null, {}, { revocation_endpoint: 'https://mtls.acme.test/revoke' }, 'https://mtls.acme.test'])(
      'G4: where they are %j, the usual one is',
      async (aliases) => {
        server.answer(metadata({ mtls_endpoint_aliases: aliases }))
        const { url } = await finder({ clientAuthentication: tlsClientAuth() })()
        expect(url.pathname).toBe('/OAuth/Token')
      },
    )

    it('its revocation endpoint is the one for a client with a certificate, and for no other', async () => {
      const aliases = { ...mtls_endpoint_aliases, revocation_endpoint: 'https://mtls.acme.test/revoke' }
      server.answer(metadata({ mtls_endpoint_aliases: aliases, revocation_endpoint: 'https://acme.test/revoke' }))
      const withCertificate = await finder({ clientAuthentication: tlsClientAuth() })()
      expect(withCertificate.revocationEndpoint).toBe('https://mtls.acme.test/revoke')
      const withSecret = await finder({ clientAuthentication: clientSecretBasic() })()
      expect(withSecret.revocationEndpoint).toBe('https://acme.test/revoke')
    })

    it('G7: an insecure one is rejected', async () => {
      server.answer(metadata({ mtls_endpoint_aliases: { token_endpoint: 'http://MARKED.acme.test/token' } }))
      const failure = await failureOf(finder({ clientAuthentication: tlsClientAuth() })())
      expect(failure.message).toContain('names a token endpoint that must be https')
      expect(findLeaks(failure, ['MARKED', 'marked'])).toEqual([])
    })
  })

  const misfits: readonly (readonly [string, () => Answer])[] = [
    ['HTML with status 200', () => text('<!doctype html><title>Sign in</title>', 200, { 'content-type': 'text/html' })],
    ['JSON that is no metadata', () => json({ ok: true })],
    ['the metadata of another issuer', () => metadata({ issuer: 'https://evil.test' })],
    ['the metadata of a tenant below', () => metadata({ issuer: `${server.origin}/tenant` })],
    ['metadata whose token endpoint is a number', () => metadata({ token_endpoint: 7 })],
    ['metadata whose issuer is none', () => metadata({ issuer: { toString: 'x' } })],
    ['metadata whose issuer is a list', () => metadata({ issuer: [server.origin] })],
    ['a list', () => json([])],
    ['metadata without a token endpoint', () => metadata({ token_endpoint: undefined })],
    ['a redirect', () => text('', 302, { location: `${server.origin}${oidc}` })],
    ['500', () => text('oops', 500)],
    [
      'metadata with status 404',
      () => (response, request) =>
        json({ issuer: server.origin, token_endpoint: `${server.origin}/Token` }, 404)(response, request),
    ],
    ['broken JSON', () => text('{"issuer":', 200, { 'content-type': 'application/json' })],
    ['more than 1 MiB', () => metadata({ padding: 'x'.repeat(1024 * 1024) })],
    ['a closed connection', () => (response) => response.socket?.destroy()],
  ]

  it.each(misfits)('G4: %s at the first place: the second is asked', async (_, answer) => {
    server.answer(routes({ [oauth]: answer(), [oidc]: metadata() }))
    expect((await finder()()).url.href).toBe(`${server.origin}/OAuth/Token?v=1`)
  })

  it.each(misfits)('R5: %s at both places: discovery_failed, and no endpoint is guessed', async (_, answer) => {
    server.answer(answer())
    const failure = await failureOf(finder()())
    expect(failure).toMatchObject({ code: 'discovery_failed', provider: 'acme' })
    expect(failure.message).toContain(server.origin)
    expect(failure.message).toContain('tokenEndpoint')
    expect(failure.cause).toBeUndefined()
    expect(findLeaks(failure, ['evil.test', 'Sign in', 'oops'])).toEqual([])
    expect([...new Set(targets())]).toEqual([oauth, oidc])
  })

  it('R5: any JSON leads to an endpoint that is allowed to get a secret, or to discovery_failed', async () => {
    const member = fc.oneof(anyWebUrl(), fc.constant('https://login.acme.test'), fc.jsonValue(), fc.constant(undefined))
    const document = fc.oneof(
      fc.jsonValue(),
      fc.record({
        issuer: fc.oneof(fc.constant('https://login.acme.test'), member),
        token_endpoint: member,
        token_endpoint_auth_methods_supported: member,
        mtls_endpoint_aliases: fc.oneof(fc.record({ token_endpoint: member }), member),
      }),
    )
    await fc.assert(
      fc.asyncProperty(document, async (body) => {
        const fetch = async (): Promise<Response> => Response.json(body ?? null)
        const provider = { issuer: 'https://login.acme.test', clientAuthentication: tlsClientAuth() }
        const found = await finder(provider, { fetch })().catch((failure: unknown) => {
          expect(failure).toMatchObject({ name: 'NightlatchError', code: 'discovery_failed' })
        })
        if (found === undefined) return
        expect(found.url.protocol).toBe('https:')
        expect(found.issuer?.href).toBe('https://login.acme.test/')
        expect(Array.isArray(found.authenticationMethods)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it.each<[string, () => Answer, string]>([
    ['HTML', () => text('<!doctype html>', 200, { 'content-type': 'text/html' }), 'it answered, but with no metadata,'],
    [
      'no endpoint',
      () => metadata({ token_endpoint: undefined }),
      'it answered, but its metadata names no token_endpoint,',
    ],
    ['a redirect', () => text('', 302), 'it answered 302,'],
  ])('R5: for %s the message says what was found', async (_, answer, what) => {
    server.answer(answer())
    const failure = await failureOf(finder()())
    expect(failure.message).toContain(`by RFC 8414 ${what} by OpenID Connect Discovery it answered`)
    expect(failure.retryable).toBe(false)
  })

  it('R5: a closed port', async () => {
    const gone = await startRecordingServer()
    await gone.close()
    await expect(finder({ issuer: gone.origin })()).rejects.toMatchObject({ code: 'discovery_failed', retryable: true })
    await expect(finder({ issuer: gone.origin })()).rejects.toThrow(
      /by RFC 8414 it refused the connection \(ECONNREFUSED\)/,
    )
  })

  it.each([
    [404, false],
    [302, false],
    [429, true],
    [499, false],
    [500, true],
    [503, true],
  ])('G9: a %d is retryable: %s', async (status, retryable) => {
    server.answer(text('', status))
    const failure = await failureOf(finder()())
    expect(failure).toMatchObject({ code: 'discovery_failed', retryable })
    expect(failure.message).toContain(`it answered ${status}`)
  })

  it('G9: one retryable failure of the two is enough to retry', async () => {
    server.answer(routes({ [oauth]: text('', 503) }))
    const failure = await failureOf(finder()())
    expect(failure.retryable).toBe(true)
    expect(failure.message).toContain('by RFC 8414 it answered 503, by OpenID Connect Discovery it answered 404')
  })

  it('G9: metadata of another issuer is not retryable, and the message says so', async () => {
    server.answer(metadata({ issuer: 'https://evil.test' }))
    const failure = await failureOf(finder()())
    expect(failure.retryable).toBe(false)
    expect(failure.message).toContain('by RFC 8414 it answered with the metadata of another issuer')
  })

  it('G9: no response, of unknown cause, is retryable', async () => {
    const failure = await failureOf(finder({}, { fetch: () => Promise.reject(new TypeError('fetch failed')) })())
    expect(failure.retryable).toBe(true)
    expect(failure.message).toContain('by RFC 8414 it did not answer, by OpenID Connect Discovery it did not answer.')
  })

  it.each([
    ['plain http elsewhere', 'http://login.acme.test/token'],
    ['no URL', '/token'],
    ['another scheme', 'ftp://login.acme.test/token'],
    ['a user in it', 'https://MARKED:x@login.acme.test/token'],
    ['a fragment', 'https://login.acme.test/token#MARKED'],
  ])('G7: a token endpoint that is %s is rejected, without being quoted', async (_, token_endpoint) => {
    server.answer(metadata({ token_endpoint }))
    const failure = await failureOf(finder()())
    expect(failure).toMatchObject({ code: 'discovery_failed', retryable: false })
    expect(failure.message).toContain('names a token endpoint that must ')
    expect(findLeaks(failure, ['MARKED', 'login.acme.test'])).toEqual([])
  })

  it.each([
    'http://127.0.0.1:9/token',
    'https://169.254.169.254/latest/meta-data',
    'https://10.0.0.1/token',
    'https://2130706433/token',
    'http://localhost.:9/token',
    'https://[::ffff:10.0.0.1]/token',
    'https://metadata.google.internal/token',
  ])('X4: a remote issuer cannot name %s', async (target) => {
    for (const members of [
      { token_endpoint: target },
      { token_endpoint: 'https://login.acme.test/token', mtls_endpoint_aliases: { token_endpoint: target } },
    ]) {
      const asked: string[] = []
      const fetch: typeof globalThis.fetch = async (input) => {
        asked.push(String(input))
        return Response.json({ issuer: 'https://login.acme.test', ...members })
      }
      const provider = { issuer: 'https://login.acme.test', clientAuthentication: tlsClientAuth() }
      const failure = await failureOf(finder(provider, { fetch })())
      expect(failure).toMatchObject({ code: 'discovery_failed', retryable: false })
      expect(failure.message).toContain('names a token endpoint that must not lead to')
      expect(failure.message).toContain("set the provider's tokenEndpoint")
      expect(failure.message).not.toContain(target)
      expect(asked.every((url) => new URL(url).hostname === 'login.acme.test')).toBe(true)
    }
  })

  it('G7: http to another machine is accepted if that is permitted', async () => {
    server.answer(metadata({ token_endpoint: 'http://login.acme.test/token' }))
    const { url } = await finder({}, { allowInsecureRequests: true })()
    expect(url.href).toBe('http://login.acme.test/token')
  })

  it('L3: requested once for all callers, and cached', async () => {
    server.answer(routes({ [oauth]: metadata() }))
    const find = finder()
    const [first, second] = await Promise.all([find(), find()])
    expect(second).toBe(first)
    expect(await find()).toBe(first)
    expect(server.requests).toHaveLength(1)
  })

  it('L6: a failure is not cached', async () => {
    const find = finder()
    const [first, second] = await Promise.all([failureOf(find()), failureOf(find())])
    expect(second).toBe(first)
    expect(server.requests).toHaveLength(2)
    server.answer(routes({ [oauth]: metadata() }))
    expect((await find()).url.href).toBe(`${server.origin}/OAuth/Token?v=1`)
  })

  it("L4: one grant's deadline does not end the wait of another", async () => {
    let answerNow = (): void => {}
    const asked = new Promise<void>((tellAsked) => {
      server.answer((response, request) => {
        if (request.target !== oauth) return text('', 404)(response, request)
        answerNow = () => metadata()(response, request)
        tellAsked()
      })
    })
    const find = finder()
    const impatient = new AbortController()
    const first = find(impatient.signal).catch((error: unknown) => error)
    const second = find().catch((error: unknown) => error)
    await asked
    impatient.abort(new NightlatchError('timed_out', 'the first is out of time'))
    answerNow()
    expect(await second).toMatchObject({ url: expect.objectContaining({ pathname: '/OAuth/Token' }) })
    expect(await first).toMatchObject({ code: 'timed_out' })
  })

  it('L4: a read whose caller is gone serves the next one', async () => {
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    const { promise: answer, resolve: release } = Promise.withResolvers<void>()
    server.answer((response, request) => {
      ask()
      void answer.then(() => metadata()(response, request))
    })
    const find = finder()
    const impatient = new AbortController()
    const first = find(impatient.signal).catch((error: unknown) => error)
    const reason = new NightlatchError('timed_out', 'too late')
    await asked
    impatient.abort(reason)
    expect(await first).toBe(reason)
    const second = find()
    release()
    expect((await second).url.pathname).toBe('/OAuth/Token')
    expect(await find()).toBe(await second)
    expect(targets()).toEqual([oauth])
  })

  it('L4: a caller past its deadline requests nothing', async () => {
    const reason = new NightlatchError('timed_out', 'too late')
    server.answer(metadata())
    const find = finder()
    await expect(find(AbortSignal.abort(reason))).rejects.toBe(reason)
    await outlastEarlierReadings()
    expect(server.requests).toEqual([])
    await find()
    await expect(find(AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  it('L4: a deadline that passes after the response has no effect, and leaves no listener', async () => {
    server.answer(routes({ [oauth]: metadata() }))
    const find = finder()
    const controller = new AbortController()
    const found = await find(controller.signal)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    controller.abort()
    expect(await find()).toBe(found)
    expect(server.requests).toHaveLength(1)
  })

  it('G7, G9: a read that hangs ends after half of a grant’s time, and its connection is closed', async () => {
    const { promise: requested, resolve: request } = Promise.withResolvers<void>()
    server.answer(() => request())
    const find = finder({}, {}, 10)
    stopTimers()
    try {
      const failing = failureOf(find())
      await requested
      await vi.advanceTimersByTimeAsync(5000)
      expect(await failing).toMatchObject({
        code: 'timed_out',
        retryable: true,
        provider: 'acme',
        message: `acme: ${server.origin}/ did not return its metadata within 5 s (half of options.timeout)`,
      })
    } finally {
      vi.useRealTimers()
    }
    await server.onlyRequest.connectionClosed
    server.answer(metadata())
    expect((await find()).url.pathname).toBe('/OAuth/Token')
  })

  it('G7: a wait ends with the reason of the signal, not with an internal error', async () => {
    const controller = new AbortController()
    const reason = new NightlatchError('timed_out', 'too late')
    server.answer(() => controller.abort(reason))
    await expect(finder()(controller.signal)).rejects.toBe(reason)
  })

  it("X2: the issuer's query is not shown", async () => {
    const failure = await failureOf(finder({ issuer: `${server.origin}/tenant?key=MARKED` })())
    expect(failure.message).toContain(`${server.origin}/tenant`)
    expect(findLeaks(failure, ['MARKED'])).toEqual([])
  })
})

describe('metadata that ages', () => {
  const hour = 3_600_000

  /** A finder by a clock that the test moves. */
  function aging(): { find: () => Promise<TokenEndpoint>; forget: () => void; pass: (milliseconds: number) => void } {
    let time = 1_000_000
    const provider = { name: 'acme', issuer: server.origin }
    const { find, forget } = createEndpointFinder(provider, { ...networkTransport, time: () => time }, 10)
    return {
      find: () => find(new AbortController().signal),
      forget,
      pass: (milliseconds) => {
        time += milliseconds
      },
    }
  }

  const at = (path: string): Answer => metadata({ token_endpoint: `${server.origin}${path}` })

  it('L2: for an hour nothing is requested', async () => {
    server.answer(at('/old'))
    const { find, pass } = aging()
    await find()
    pass(hour - 1)
    await find()
    await outlastEarlierReadings()
    expect(server.requests).toHaveLength(1)
  })

  it('L2: after an hour it is read again, once, and no caller waits for that', async () => {
    server.answer(at('/old'))
    const { find, pass } = aging()
    const first = await find()
    pass(hour)
    server.answer(at('/new'))
    const [second, third] = await Promise.all([find(), find()])
    expect(second).toBe(first)
    expect(third).toBe(first)
    await waitUntil(async () => (await find()).url.pathname === '/new')
    pass(hour - 1)
    await find()
    await outlastEarlierReadings()
    expect(server.requests).toHaveLength(1)
  })

  it('L12: after forget() the next call waits for a new reading, and the others for none', async () => {
    server.answer(at('/old'))
    const { find, forget } = aging()
    await find()
    server.answer(at('/new'))
    forget()
    expect((await find()).url.pathname).toBe('/new')
    expect((await find()).url.pathname).toBe('/new')
    expect(targets()).toEqual([oauth])
  })

  it('L12: after forget() while metadata is read, the next call reads it again', async () => {
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    const { promise: answer, resolve: release } = Promise.withResolvers<void>()
    server.answer((response, request) => {
      ask()
      void answer.then(() => at('/old')(response, request))
    })
    const { find, forget } = aging()
    const first = find()
    await asked
    forget()
    release()
    expect((await first).url.pathname).toBe('/old')
    server.answer(at('/new'))
    expect((await find()).url.pathname).toBe('/new')
    expect((await find()).url.pathname).toBe('/new')
    expect(targets()).toEqual([oauth])
  })

  it('L6: after forget() metadata stays in use while the issuer is out of reach', async () => {
    server.answer(at('/old'))
    const { find, forget } = aging()
    const first = await find()
    server.answer(text('', 503))
    forget()
    expect(await find()).toBe(first)
    expect(await find()).toBe(first)
    expect(targets()).toEqual([oauth, oidc])
  })

  it('L6: if it cannot be read again, no call fails for a day, and it is requested at most once a minute', async () => {
    server.answer(at('/old'))
    const { find, pass } = aging()
    const first = await find()
    pass(hour)
    server.answer(text('', 503))
    expect(await find()).toBe(first)
    await waitUntil(() => expect(targets()).toEqual([oauth, oidc]))
    pass(59_999)
    expect(await find()).toBe(first)
    await outlastEarlierReadings()
    expect(targets()).toHaveLength(2)
    pass(1)
    expect(await find()).toBe(first)
    await waitUntil(() => expect(targets()).toEqual([oauth, oidc, oauth, oidc]))
    pass(22 * hour)
    expect(await find()).toBe(first)
  })

  it('L11: closing cancels the background refresh, with its connection and timer', async () => {
    let time = 1_000_000
    const ended: unknown[] = []
    let hangs = false
    let hung = 0
    const hanging = Promise.withResolvers<void>()
    const { find, close } = createEndpointFinder(
      { name: 'acme', issuer: server.origin },
      {
        ...networkTransport,
        time: () => time,
        fetch: async (input, init) => {
          if (!hangs) return await globalThis.fetch(input, init)
          return await new Promise((_, reject) => {
            hung += 1
            hanging.resolve()
            init?.signal?.addEventListener('abort', () => {
              ended.push(init.signal?.reason)
              reject(init.signal?.reason)
            })
          })
        },
      },
      10,
    )
    server.answer(at('/old'))
    const first = await find(new AbortController().signal)
    close()
    time += hour
    hangs = true
    expect(await find(new AbortController().signal)).toBe(first)
    await hanging.promise
    expect(ended).toHaveLength(0)
    close()
    await waitUntil(() => expect(ended).toEqual([new Error('the background refresh was cancelled')]))
    expect(await find(new AbortController().signal)).toBe(first)
    await outlastEarlierReadings()
    expect(hung).toBe(1)
  })

  it('L6: after a day it is no longer used', async () => {
    server.answer(at('/old'))
    const { find, pass } = aging()
    await find()
    pass(24 * hour)
    server.answer(text('', 503))
    expect(await failureOf(find())).toMatchObject({ code: 'discovery_failed', retryable: true })
    server.answer(at('/new'))
    expect((await find()).url.pathname).toBe('/new')
  })

  it('G4: metadata of another issuer does not replace the cached one', async () => {
    server.answer(at('/old'))
    const { find, pass } = aging()
    const first = await find()
    pass(hour)
    server.answer(metadata({ issuer: 'https://evil.test' }))
    await find()
    await waitUntil(() => expect(targets()).toEqual([oauth, oidc]))
    await outlastEarlierReadings()
    expect(await find()).toBe(first)
  })

  it('L11: an issuer that hangs delays no call, and a failed background refresh causes no unhandled rejection', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown): unknown => unhandled.push(reason)
    process.on('unhandledRejection', note)
    try {
      server.answer(at('/old'))
      const { find, pass } = aging()
      const first = await find()
      pass(hour)
      const hanging: (() => void)[] = []
      server.answer((response) => void hanging.push(() => response.socket?.destroy()))
      expect(await find()).toBe(first)
      for (const place of [0, 1]) {
        await waitUntil(() => hanging.length === place + 1)
        hanging[place]?.()
      }
      await outlastEarlierReadings()
      expect(await find()).toBe(first)
      expect(unhandled).toEqual([])
    } finally {
      process.off('unhandledRejection', note)
    }
  })
})
