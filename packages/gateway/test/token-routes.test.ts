import { createHash } from 'node:crypto'
import { createClient } from '@nightlatch/core'
import { describe, expect, it } from 'vitest'
import type { GatewayConfiguration } from '../src/index.ts'
import { digestOf, key, startTrial } from './start-trial.ts'

const edgeKey = 'nlk_edge_0000000000000000000000000000000000'
const callers: GatewayConfiguration['callers'] = { etl: { keys: [digestOf(key)] }, edge: { keys: [digestOf(edgeKey)] } }
const bearer = (secret: string): { authorization: string } => ({ authorization: `Bearer ${secret}` })
const form = 'grant_type=client_credentials'
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

describe('POST /token/<client>', () => {
  const config = { callers, tokens: { orders: { callers: ['etl'], minimumLifetime: 60 } } }
  const post = (url: string, body: string | undefined, headers: Record<string, string>): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      ...(body !== undefined && { body }),
    })

  it('is a token endpoint for any OAuth client: here one of the core', async () => {
    await using trial = await startTrial({ config })
    const provider = { name: 'gateway', tokenEndpoint: `${trial.url}/token/orders` }
    const client = createClient(provider, { credentials: { clientId: 'etl', clientSecret: key } })
    const token = await client.token()
    expect(token.expiresAt?.getTime()).toBeGreaterThan(Date.now() + 3_000_000)
    const direct = await fetch(`${trial.apiUrl}/v2/a`, { headers: bearer(token.value) })
    expect(direct.status).toBe(200)
    expect(trial.grants()).toBe(1)
  })

  it('answers with the token, its type and what is left of its life', async () => {
    await using trial = await startTrial({ config })
    const response = await post(`${trial.url}/token/orders`, form, bearer(key))
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toMatchObject({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: expect.any(Number),
    })
  })

  it.each([
    ['no caller', '/token/orders', form, {}, 401, 'caller_unknown'],
    ['a caller without permission', '/token/orders', form, bearer(edgeKey), 403, 'not_allowed'],
    ['a client without tokens', '/token/other', form, bearer(key), 403, 'not_allowed'],
    ['no body', '/token/orders', undefined, bearer(key), 400, 'request_invalid'],
    ['two grant types', '/token/orders', `${form}&${form}`, bearer(key), 400, 'request_invalid'],
    ['another grant type', '/token/orders', 'grant_type=password', bearer(key), 400, 'request_invalid'],
    ['a body that is too large', '/token/orders', `a=${'a'.repeat(20_000)}`, bearer(key), 400, 'request_invalid'],
  ])('%s', async (_name, path, body, headers, status, code) => {
    await using trial = await startTrial({ config })
    const response = await post(`${trial.url}${path}`, body, headers as Record<string, string>)
    expect(response.status).toBe(status)
    expect(response.headers.get('nightlatch-error')).toBe(code)
    const answer = (await response.json()) as { error?: string }
    const errors = {
      400: body === 'grant_type=password' ? 'unsupported_grant_type' : 'invalid_request',
      403: 'unauthorized_client',
      401: 'invalid_client',
    }
    expect(answer.error).toBe(errors[status as 400])
    expect(trial.grants()).toBe(0)
  })

  it('is for POST only, and says so', async () => {
    await using trial = await startTrial({ config })
    const response = await fetch(`${trial.url}/token/orders`, { headers: bearer(key) })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST')
  })

  it('is 503 temporarily_unavailable if the grant fails, never 200', async () => {
    await using trial = await startTrial({ config })
    trial.emulator.rotateSecret()
    const response = await post(`${trial.url}/token/orders`, form, bearer(key))
    expect(response.status).toBe(503)
    expect(response.headers.get('nightlatch-error')).toBe('token_unavailable')
    expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' })
  })

  it('without callers it requires a header that no web page can set', async () => {
    await using trial = await startTrial({ config: { tokens: { orders: { callers: '*' } } } })
    expect((await post(`${trial.url}/token/orders`, form, {})).status).toBe(403)
    expect((await post(`${trial.url}/token/orders`, form, { 'x-token-request': '1' })).status).toBe(200)
    expect(
      (await post(`${trial.url}/token/orders`, form, { 'x-token-request': '1', origin: 'https://evil.example' }))
        .status,
    ).toBe(403)
  })
})

describe('GET /authorize/<upstream>', () => {
  const options = {
    config: { callers },
    upstream: { allow: [{ callers: ['etl'], methods: ['GET'], paths: ['/v1/**'] }], authorize: ['edge'] },
  }
  const ask = (url: string, headers: Record<string, string>): Promise<Response> =>
    fetch(`${url}/authorize/orders`, { headers })
  const original = { 'x-original-method': 'GET', 'x-original-uri': '/v1/a?b=c' }

  it('answers a proxy with the headers that authorize its request', async () => {
    await using trial = await startTrial(options)
    const response = await ask(trial.url, { ...bearer(edgeKey), ...original })
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('authorization')).toMatch(/^Bearer ey/)
    // Envoy appends the path of the original request, and uses its method.
    const envoy = await fetch(`${trial.url}/authorize/orders/v1/a?b=c`, { headers: bearer(edgeKey) })
    expect(envoy.headers.get('authorization')).toMatch(/^Bearer ey/)
    expect(
      (await fetch(`${trial.url}/authorize/orders/v1/a`, { method: 'POST', headers: bearer(edgeKey) })).status,
    ).toBe(403)
  })

  it('judges the path that Envoy appends, whatever its client says in headers', async () => {
    await using trial = await startTrial(options)
    const url = `${trial.url}/authorize/orders/admin`
    const response = await fetch(url, { method: 'DELETE', headers: { ...bearer(edgeKey), ...original } })
    expect(response.status).toBe(403)
    expect(trial.grants()).toBe(0)
  })

  it.each([
    ['no caller', original, 401],
    ['a caller that is no proxy', { ...bearer(key), ...original }, 403],
    ['no original method', { ...bearer(edgeKey), 'x-original-uri': '/v1/a' }, 400],
    ['no original URI', { ...bearer(edgeKey), 'x-original-method': 'GET' }, 400],
    ['a method without a rule', { ...bearer(edgeKey), ...original, 'x-original-method': 'DELETE' }, 403],
    ['a path without a rule', { ...bearer(edgeKey), ...original, 'x-original-uri': '/v2' }, 403],
    ['a path that leaves its prefix', { ...bearer(edgeKey), ...original, 'x-original-uri': '/v1/../v2' }, 403],
    ['a URL', { ...bearer(edgeKey), ...original, 'x-original-uri': 'http://a/v1/a' }, 403],
  ])('%s', async (_name, headers, status) => {
    await using trial = await startTrial(options)
    const response = await ask(trial.url, headers as Record<string, string>)
    expect(response.status).toBe(status)
    expect(response.headers.get('authorization')).toBeNull()
    expect(trial.grants()).toBe(0)
  })

  it('is 503 without a token', async () => {
    await using trial = await startTrial(options)
    trial.emulator.rotateSecret()
    const response = await ask(trial.url, { ...bearer(edgeKey), ...original })
    expect(response.status).toBe(503)
    expect(response.headers.get('nightlatch-error')).toBe('token_unavailable')
  })

  it('is off unless the upstream names its callers', async () => {
    await using trial = await startTrial({ config: { callers } })
    expect((await ask(trial.url, { ...bearer(edgeKey), ...original })).status).toBe(403)
  })
})

describe('POST /rejected/<client>', () => {
  const options = { config: { callers }, upstream: { allow: [], authorize: ['edge'] } }
  const report = (url: string, body: string, secret = edgeKey): Promise<Response> =>
    fetch(`${url}/rejected/orders`, { method: 'POST', headers: bearer(secret), body })
  const tokenOf = async (url: string, method = 'GET'): Promise<string> => {
    const headers = { ...bearer(edgeKey), 'x-original-method': method, 'x-original-uri': '/a' }
    const response = await fetch(`${url}/authorize/orders`, { headers })
    return response.headers.get('authorization')?.slice(7) ?? ''
  }

  it('replaces the current token, and no other', async () => {
    await using trial = await startTrial({
      ...options,
      upstream: { allow: [{ callers: ['edge'], methods: ['GET'], paths: ['/**'] }], authorize: ['edge'] },
    })
    expect((await report(trial.url, JSON.stringify({ token_sha256: sha256('x') }))).status).toBe(204)
    expect(trial.grants()).toBe(0)
    const first = await tokenOf(trial.url)
    expect((await report(trial.url, JSON.stringify({ token_sha256: sha256('other') }))).status).toBe(204)
    expect(await tokenOf(trial.url)).toBe(first)
    expect((await report(trial.url, JSON.stringify({ token_sha256: sha256(first) }))).status).toBe(204)
    const second = await tokenOf(trial.url)
    expect(second).not.toBe(first)
    expect((await report(trial.url, JSON.stringify({ token_sha256: sha256(first) }))).status).toBe(204)
    expect(await tokenOf(trial.url)).toBe(second)
    expect(trial.grants()).toBe(2)
  })

  it.each([
    '',
    '{}',
    'null',
    '{"token_sha256":"ABC"}',
    `{"token_sha256":"${'A'.repeat(64)}"}`,
    `{"token_sha256":"${'a'.repeat(2000)}"}`,
  ])('%j is 400', async (body) => {
    await using trial = await startTrial(options)
    expect((await report(trial.url, body)).status).toBe(400)
  })

  it('is for callers with access to the client', async () => {
    await using trial = await startTrial(options)
    expect((await report(trial.url, JSON.stringify({ token_sha256: sha256('x') }), key)).status).toBe(403)
    const response = await fetch(`${trial.url}/rejected/other`, {
      method: 'POST',
      headers: bearer(edgeKey),
      body: '{}',
    })
    expect(response.status).toBe(403)
  })
})
