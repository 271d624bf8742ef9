import { describe, expect, it } from 'vitest'
import { type McpAuthOptions, mcpAuth } from '../src/index.ts'
import { failureOf } from './failure-of.ts'
import {
  type Answer,
  challenge,
  createAcmeNetwork,
  issuer,
  mcpUrl,
  metadata,
  metadataUrl,
} from './servers/acme-network.ts'

const secret = 'marked-secret-Zq7'
const credentials = { clientId: 'agent', clientSecret: secret }

/** Answers of the MCP server whose metadata is this. */
const withMetadata = (body: unknown): Readonly<Record<string, Answer>> => ({ [metadataUrl]: () => Response.json(body) })

async function connect(answers: Readonly<Record<string, Answer>>, options: Partial<McpAuthOptions> = {}) {
  const network = createAcmeNetwork(answers)
  await using auth = mcpAuth(mcpUrl, { credentials, fetch: network.fetch, ...options })
  const response = await auth.fetch(mcpUrl, { method: 'POST', body: '{}' })
  return { network, response }
}

/** The error of a connection that must not send credentials. */
async function refusal(answers: Readonly<Record<string, Answer>>, options: Partial<McpAuthOptions> = {}) {
  const network = createAcmeNetwork(answers)
  await using auth = mcpAuth(mcpUrl, { credentials, fetch: network.fetch, ...options })
  const failure = await failureOf(() => auth.fetch(mcpUrl, { method: 'POST', body: '{}' }))
  expect(JSON.stringify(network.requests.map(({ headers, body }) => [[...headers], body]))).not.toContain(secret)
  expect(network.grants).toEqual([])
  expect(failure.message + JSON.stringify(failure)).not.toContain(secret)
  return { network, failure }
}

describe('discovery', () => {
  it('sends the first request without a token, then reads the metadata that the challenge names', async () => {
    const elsewhere = 'https://mcp.acme.example/metadata?tenant=1'
    const { network, response } = await connect(
      {
        [mcpUrl]: ({ headers }) =>
          headers.has('authorization')
            ? Response.json({ ok: true })
            : challenge(`resource_metadata="${elsewhere}", scope="mcp:call"`),
        [elsewhere]: () => Response.json({ ...metadata, resource: 'https://mcp.acme.example' }),
      },
      { issuer },
    )
    expect(response.status).toBe(200)
    expect(network.requests.map(({ url, headers }) => [url, headers.get('authorization')?.split(' ')[0]])).toEqual([
      [mcpUrl, undefined],
      [elsewhere, undefined],
      [`${issuer}/.well-known/oauth-authorization-server`, undefined],
      [`${issuer}/token`, 'Basic'],
      [mcpUrl, 'Bearer'],
    ])
    expect(Object.fromEntries(network.grants[0] ?? [])).toEqual({
      grant_type: 'client_credentials',
      scope: 'mcp:call',
      resource: 'https://mcp.acme.example',
    })
  })

  it('reads the well-known metadata of the path, then of the origin', async () => {
    const root = 'https://mcp.acme.example/.well-known/oauth-protected-resource'
    const { network, response } = await connect(
      {
        [mcpUrl]: ({ headers }) => (headers.has('authorization') ? Response.json({}) : challenge('realm="mcp"')),
        [metadataUrl]: () => new Response('', { status: 404 }),
        [root]: () => Response.json(metadata),
      },
      { issuer },
    )
    expect(response.status).toBe(200)
    expect(network.to('https://mcp.acme.example/.well-known').map(({ url }) => url)).toEqual([metadataUrl, root])
    expect(network.grants[0]?.get('scope')).toBe('mcp:read')
  })

  it('requests the scopes of the options in place of those of the server', async () => {
    const { network } = await connect({}, { issuer, scopes: 'mcp:read mcp:write' })
    expect(network.grants[0]?.get('scope')).toBe('mcp:read mcp:write')
  })

  it('goes on without metadata if the issuer is set', async () => {
    const { network, response } = await connect(
      {
        [mcpUrl]: ({ headers }) => (headers.has('authorization') ? Response.json({}) : challenge('realm="mcp"')),
        [metadataUrl]: () => new Response('', { status: 404 }),
      },
      { issuer },
    )
    expect(response.status).toBe(200)
    expect(Object.fromEntries(network.grants[0] ?? [])).toEqual({ grant_type: 'client_credentials', resource: mcpUrl })
  })

  it('binds tokens to a key if the server requires it', async () => {
    const { network, response } = await connect(
      withMetadata({ ...metadata, dpop_bound_access_tokens_required: true }),
      {
        issuer,
      },
    )
    expect(response.status).toBe(200)
    const last = network.requests.at(-1)
    expect(last?.headers.get('authorization')).toMatch(/^DPoP /)
    expect(last?.headers.has('dpop')).toBe(true)
  })

  it('sends an assertion to an issuer that only the server names', async () => {
    const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
    const answers = {
      [`${issuer}/.well-known/oauth-authorization-server`]: () =>
        Response.json({
          issuer,
          token_endpoint: `${issuer}/token`,
          token_endpoint_auth_methods_supported: ['private_key_jwt'],
        }),
    }
    const { network, response } = await connect(answers, { credentials: { clientId: 'agent', privateKey } })
    expect(response.status).toBe(200)
    const [, claims = ''] = (network.grants[0]?.get('client_assertion') ?? '').split('.')
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ aud: issuer, sub: 'agent' })
  })
})

describe('credentials are not sent', () => {
  it('to an issuer that only the server names', async () => {
    const { failure } = await refusal({})
    expect(failure.code).toBe('discovery_failed')
    expect(failure.message).toBe(
      'mcp: the MCP server https://mcp.acme.example/mcp names the authorization server https://login.acme.example. A secret goes only to a server that you name: set `issuer` to it, if your credentials belong there.',
    )
  })

  it('to another issuer than the one that is set', async () => {
    const { failure } = await refusal(withMetadata({ ...metadata, authorization_servers: ['https://evil.example'] }), {
      issuer,
    })
    expect(failure.message).toContain(
      'other authorization servers (https://evil.example) than https://login.acme.example',
    )
  })

  it('to one of several issuers', async () => {
    const both = { ...metadata, authorization_servers: [issuer, 'https://login2.acme.example'] }
    const { failure } = await refusal(withMetadata(both))
    expect(failure.message).toContain(`several authorization servers: ${issuer}, https://login2.acme.example`)
    expect((await connect(withMetadata(both), { issuer })).response.status).toBe(200)
  })

  it.each([
    'http://127.0.0.1:8080/',
    'http://localhost/',
    'https://169.254.169.254/',
    'https://10.0.0.1/',
    'https://[::1]/',
    'https://keycloak/',
    'https://login.internal/',
    'http://login.acme.example/',
    'file:///etc/passwd',
    'https://user:password@login.acme.example/',
  ])('to %s, nor is metadata read there', async (url) => {
    const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
    const key = { credentials: { clientId: 'agent', privateKey } }
    const named = await refusal(withMetadata({ ...metadata, authorization_servers: [url] }), key)
    expect(named.failure.code).toBe('discovery_failed')
    expect(named.network.requests.map((request) => request.url)).toEqual([mcpUrl, metadataUrl])
    const pointed = await refusal({ [mcpUrl]: () => challenge(`resource_metadata="${url}"`) }, { issuer })
    expect(pointed.failure.code).toBe('discovery_failed')
    expect(pointed.network.requests.map((request) => request.url)).toEqual([mcpUrl])
  })

  it.each([
    ['another origin', 'https://evil.example/mcp'],
    ['another path', 'https://mcp.acme.example/other'],
    ['a path that begins alike', 'https://mcp.acme.example/mc'],
    ['a fragment', 'https://mcp.acme.example/mcp#a'],
  ])('for a resource with %s', async (_, resource) => {
    const { failure } = await refusal(withMetadata({ ...metadata, resource }), { issuer })
    expect(failure.message).toContain('for another resource')
  })

  it.each([
    ['no JSON', () => new Response('<html>'), 'which holds no JSON object with a `resource` URL', false],
    ['more than 1 MiB', () => new Response(`"${'x'.repeat(1_100_000)}"`), 'which holds no JSON object', false],
    ['a redirect', () => new Response('', { status: 302, headers: { location: issuer } }), 'status 302', false],
    ['a status of 503', () => new Response('', { status: 503 }), 'status 503', true],
    ['nothing', () => new Response('', { status: 404 }), 'where there is none', false],
    [
      'a broken connection',
      () => Promise.reject(new TypeError(`fetch failed ${secret}`, { cause: { code: 'ECONNRESET' } })),
      'which did not answer: the connection was closed before the response (ECONNRESET)',
      true,
    ],
  ])('if the metadata is %s', async (_, answer: Answer, message, retryable) => {
    const { failure } = await refusal({ [metadataUrl]: answer }, { issuer })
    expect(failure).toMatchObject({ code: 'discovery_failed', retryable, provider: 'mcp' })
    expect(failure.message).toContain(message)
  })

  it('if the certificate of the metadata has expired, with what to do', async () => {
    const expired = new TypeError('fetch failed', { cause: { code: 'CERT_HAS_EXPIRED' } })
    const { failure } = await refusal({ [metadataUrl]: () => Promise.reject(expired) }, { issuer })
    expect(failure.message).toContain('which cannot be trusted: its TLS certificate has expired (CERT_HAS_EXPIRED)')
    expect(failure).toMatchObject({ retryable: false, hints: [expect.stringContaining('renewed')] })
  })

  it('if the metadata names no authorization server, and none is set', async () => {
    const { failure } = await refusal(withMetadata({ resource: mcpUrl }))
    expect(failure.message).toContain('names no authorization server in its resource metadata. Set `issuer`.')
    const none = { [mcpUrl]: () => challenge('realm="mcp"'), [metadataUrl]: () => new Response('', { status: 404 }) }
    expect((await refusal(none)).failure.message).toContain('has no resource metadata. Set `issuer`.')
  })

  it('if the metadata does not arrive within the timeout', async () => {
    const { failure } = await refusal(
      {},
      {
        issuer,
        timeout: 0.05,
        fetch: (input, init) =>
          String(input) === mcpUrl
            ? Promise.resolve(challenge())
            : new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('aborted')))),
      },
    )
    expect(failure).toMatchObject({ code: 'timed_out', retryable: true })
  })

  it('to an issuer that the server names later', async () => {
    let time = 1_800_000_000_000
    let named = issuer
    const network = createAcmeNetwork({
      [mcpUrl]: ({ headers }) => (headers.get('authorization') === 'Bearer token-1' ? Response.json({}) : challenge()),
      [metadataUrl]: () => Response.json({ ...metadata, authorization_servers: [named] }),
    })
    await using auth = mcpAuth(mcpUrl, { credentials, issuer, fetch: network.fetch, now: () => time })
    expect((await auth.fetch(mcpUrl)).status).toBe(200)
    named = 'https://evil.example'
    time += 4_000_000
    // The server rejects each new token, so its metadata is read again.
    expect((await auth.fetch(mcpUrl)).status).toBe(401)
    expect((await failureOf(() => auth.fetch(mcpUrl))).message).toContain('other authorization servers')
    expect(network.to('https://evil.example')).toEqual([])
  })
})
