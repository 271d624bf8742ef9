import { expect, it } from 'vitest'
import { createClock, standardEmulation, startEmulator } from '../src/index.ts'
import { askForToken, basicForm, basicRaw, get, json } from './requests.ts'

it('grants a token that the API accepts', async () => {
  await using emulator = await startEmulator(standardEmulation())
  const answer = await askForToken(emulator.tokenEndpoint, basicForm(emulator.credentials), { scope: 'read write' })
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const body = await json(answer)
  expect(body).toEqual({
    access_token: expect.any(String),
    token_type: 'Bearer',
    expires_in: 3600,
    scope: 'read write',
  })

  const echoed = await fetch(`${emulator.apiUrl}/things/1?a=b`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${body.access_token}`, 'x-mine': 'yes' },
    body: 'hello',
  })
  expect(await json(echoed)).toMatchObject({
    method: 'PUT',
    path: '/api/things/1',
    query: 'a=b',
    authorized: true,
    headers: { 'x-mine': 'yes' },
    body: 'hello',
  })
})

it('challenges a request without a token, and names the error of an invalid one', async () => {
  const clock = createClock()
  await using emulator = await startEmulator(standardEmulation({ now: clock.now, lifetime: 5 }))
  const expired = await emulator.issueToken()
  const lasting = await emulator.issueToken({ lifetime: 6 })
  clock.advance(5)

  expect((await get(emulator.apiUrl)).headers.get('www-authenticate')).toBe('Bearer')
  const refused = await get(emulator.apiUrl, expired)
  expect(refused.status).toBe(401)
  expect(refused.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
  expect((await get(emulator.apiUrl, lasting)).status).toBe(200)
  expect(refused.headers.get('date')).toBe(new Date(clock.now()).toUTCString())
})

it('reads credentials form-encoded, raw or from the body', async () => {
  await using form = await startEmulator(standardEmulation())
  await using raw = await startEmulator(standardEmulation({ basicEncoding: 'raw' }))
  expect((await askForToken(form.tokenEndpoint, basicRaw(form.credentials))).status).toBe(401)
  expect((await askForToken(raw.tokenEndpoint, basicRaw(raw.credentials))).status).toBe(200)
  expect((await askForToken(raw.tokenEndpoint, basicForm(raw.credentials))).status).toBe(401)
  const { clientId: client_id, clientSecret: client_secret } = form.credentials
  expect((await askForToken(form.tokenEndpoint, undefined, { client_id, client_secret })).status).toBe(200)
  // The client id may be repeated in the body: it is no second way of authentication.
  expect((await askForToken(form.tokenEndpoint, basicForm(form.credentials), { client_id })).status).toBe(200)
  expect((await askForToken(form.tokenEndpoint, basicForm(form.credentials), { client_id: 'x' })).status).toBe(401)
})

it('returns the errors of RFC 6749', async () => {
  await using emulator = await startEmulator(standardEmulation({ scopes: ['read'], defaultScopes: ['read'] }))
  const authorization = basicForm(emulator.credentials)
  const ask = async (form: Record<string, string>, header: string | undefined = authorization): Promise<unknown[]> => {
    const answer = await askForToken(emulator.tokenEndpoint, header, form)
    return [answer.status, (await json(answer)).error]
  }
  expect(await ask({})).toEqual([200, undefined])
  expect(await ask({ scope: '' })).toEqual([200, undefined])
  expect(await ask({ scope: 'write' })).toEqual([400, 'invalid_scope'])
  expect(await ask({ grant_type: '' })).toEqual([400, 'invalid_request'])
  expect(await ask({ grant_type: 'password' })).toEqual([400, 'unsupported_grant_type'])
  expect(await ask({ client_secret: 'again' })).toEqual([400, 'invalid_request'])
  expect(await ask({}, 'Basic Og==')).toEqual([401, 'invalid_client'])

  const send = (body: string, type = 'application/x-www-form-urlencoded'): Promise<Response> =>
    fetch(emulator.tokenEndpoint, { method: 'POST', headers: { authorization, 'content-type': type }, body })
  const grant = 'grant_type=client_credentials'
  expect((await send(`${grant}&scope=read&scope=read`)).status).toBe(400)
  expect((await send(`${grant}&resource=https://a.test&resource=https://b.test`)).status).toBe(200)
  expect((await send(grant, 'application/x-www-form-urlencoded;charset=UTF-8')).status).toBe(200)
  expect((await send(grant, 'text/plain')).status).toBe(400)
  expect((await get(emulator.tokenEndpoint)).status).toBe(405)

  const refused = await askForToken(emulator.tokenEndpoint, 'Basic Og==')
  expect(refused.headers.get('www-authenticate')).toMatch(/^Basic /)
})

it('can omit the lifetime and add fields', async () => {
  const clock = createClock()
  const emulation = standardEmulation({
    lifetime: null,
    extraFields: { token_type: 'bearer', more: 1 },
    now: clock.now,
  })
  await using emulator = await startEmulator(emulation)
  const body = await json(await askForToken(emulator.tokenEndpoint, basicForm(emulator.credentials)))
  expect(body).toEqual({ access_token: expect.any(String), token_type: 'bearer', more: 1 })
  clock.advance(1e9)
  expect((await get(emulator.apiUrl, String(body.access_token))).status).toBe(200)
})

it('supports a function as token endpoint', async () => {
  await using emulator = await startEmulator(
    standardEmulation({
      answerToken: async (request, issueToken) => ({
        status: 201,
        headers: { 'content-type': undefined, 'X-Odd': ['a', 'b'] },
        body: `\uFEFF{"token":"${await issueToken()}","asked":"${request.form.get('grant_type')}"}`,
      }),
    }),
  )
  const answer = await askForToken(emulator.tokenEndpoint, undefined)
  expect(answer.status).toBe(201)
  expect(answer.headers.get('content-type')).toBeNull()
  expect(answer.headers.get('x-odd')).toBe('a, b')
  const body = JSON.parse((await answer.text()).replace('\uFEFF', ''))
  expect(body.asked).toBe('client_credentials')
  expect((await get(emulator.apiUrl, body.token)).status).toBe(200)
})

it('redirects to another origin, which echoes the request', async () => {
  await using emulator = await startEmulator(standardEmulation())
  const followed = await fetch(emulator.redirectUrl, { headers: { authorization: 'Bearer secret' } })
  expect(new URL(followed.url).origin).not.toBe(emulator.url)
  expect(new URL(emulator.elsewhereUrl).origin).toBe(new URL(followed.url).origin)
  expect(await json(followed)).toMatchObject({ authorized: false })

  const to = encodeURIComponent(`${emulator.apiUrl}/here`)
  const answer = await get(`${emulator.redirectUrl}?to=${to}&status=308`)
  expect([answer.status, answer.headers.get('location')]).toEqual([308, `${emulator.apiUrl}/here`])
})

it('publishes the metadata of its issuer', async () => {
  const emulation = standardEmulation({ issuerPath: '/tenant', extraMetadata: { more: true } })
  await using emulator = await startEmulator(emulation)
  expect(emulator.issuer).toBe(`${emulator.url}/tenant`)
  for (const path of ['/.well-known/oauth-authorization-server/tenant', '/tenant/.well-known/openid-configuration']) {
    expect(await json(await get(`${emulator.url}${path}`))).toMatchObject({
      issuer: emulator.issuer,
      token_endpoint: emulator.tokenEndpoint,
      more: true,
    })
  }
})

it('revokes earlier tokens with onlyLatestToken', async () => {
  await using emulator = await startEmulator(standardEmulation({ onlyLatestToken: true }))
  const first = await emulator.issueToken()
  expect((await get(emulator.apiUrl, first)).status).toBe(200)
  const second = await emulator.issueToken()
  expect((await get(emulator.apiUrl, first)).status).toBe(401)
  expect((await get(emulator.apiUrl, second)).status).toBe(200)
})

it('emulates a vendor with JSON, a header for the secret and its own errors', async () => {
  await using emulator = await startEmulator(
    standardEmulation({
      clientSecret: 'marked-secret-Zq7',
      tokenRequest: {
        bodyFormat: 'json',
        grantType: null,
        parameters: { audience: 'a' },
        headers: { 'x-version': '2' },
      },
      readCredentials: ({ headers }) => ({ clientSecret: headers.get('x-key') ?? '' }),
      writeGrant: ({ accessToken, expiresIn, scopes }) => ({
        data: { token: accessToken, ttl: expiresIn * 1000 },
        scopes,
      }),
      writeRefusal: ({ status, error, errorDescription }) => ({
        status: status + 2,
        body: { fault: error, errorDescription },
      }),
      readToken: ({ headers }) => headers.get('x-session') ?? undefined,
    }),
  )
  const right = { 'content-type': 'application/json', 'x-version': '2', 'x-key': 'marked-secret-Zq7' }
  const ask = async (headers: Record<string, string>, body: unknown): Promise<[number, Record<string, unknown>]> => {
    const init = { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) }
    const answer = await fetch(emulator.tokenEndpoint, init)
    return [answer.status, await json(answer)]
  }
  const [status, granted] = await ask(right, { audience: 'a', scope: 'x y' })
  expect([status, granted]).toEqual([200, { data: { token: expect.any(String), ttl: 3_600_000 }, scopes: ['x', 'y'] }])
  expect(await ask({ ...right, 'x-key': 'other' }, { audience: 'a' })).toMatchObject([403, { fault: 'invalid_client' }])
  for (const [headers, body] of [
    [right, {}],
    [right, { audience: 'b' }],
    [right, { audience: 'a', grant_type: 'client_credentials' }],
    [right, 'audience=a'],
    [right, '[]'],
    [{ ...right, 'content-type': 'application/x-www-form-urlencoded' }, { audience: 'a' }],
    [{ ...right, 'x-version': '1' }, { audience: 'a' }],
  ] as const) {
    expect(await ask(headers, body)).toMatchObject([402, { fault: 'invalid_request' }])
  }

  const { token } = granted.data as { readonly token: string }
  const called = await fetch(emulator.apiUrl, { headers: { 'x-session': token } })
  const echoed = await called.text()
  expect(called.status).toBe(200)
  expect(echoed.includes(token)).toBe(false)
  expect((await get(emulator.apiUrl, token)).status).toBe(401)
  emulator.faults.set('api', { name: 'revoked' })
  expect((await fetch(emulator.apiUrl, { headers: { 'x-session': token } })).status).toBe(401)
})

it('emulates a vendor with a query, other parameter names, another grant type and commas', async () => {
  await using emulator = await startEmulator(
    standardEmulation({
      tokenRequest: {
        method: 'GET',
        grantType: 'machine',
        scopeSeparator: ',',
        clientIdParameter: 'key',
        clientSecretParameter: 'secret',
      },
    }),
  )
  const { clientId: key, clientSecret: secret } = emulator.credentials
  const ask = async (query: Record<string, string>): Promise<unknown> => {
    const answer = await fetch(`${emulator.tokenEndpoint}?${new URLSearchParams(query)}`)
    const { error, scope } = await json(answer)
    return [answer.status, error ?? scope]
  }
  expect(await ask({ grant_type: 'machine', key, secret, scope: 'a,b' })).toEqual([200, 'a,b'])
  expect(await ask({ grant_type: 'client_credentials', key, secret })).toEqual([400, 'unsupported_grant_type'])
  expect(await ask({ key, secret })).toEqual([400, 'invalid_request'])
  expect(await ask({ grant_type: 'machine', key, secret: 'x' })).toEqual([401, 'invalid_client'])
  expect((await askForToken(emulator.tokenEndpoint, basicForm(emulator.credentials))).status).toBe(405)
})

it('requires nested members, and can return data in headers', async () => {
  await using emulator = await startEmulator(
    standardEmulation({
      clientSecret: 'marked-secret-Zq7',
      tokenRequest: { bodyFormat: 'json', grantType: null, parameters: { request: { kind: 'grant', scopes: ['a'] } } },
      writeGrantHeaders: ({ accessToken, expiresIn }) => ({ 'x-token': accessToken, 'x-ttl': String(expiresIn) }),
    }),
  )
  const ask = (request: unknown): Promise<Response> =>
    fetch(emulator.tokenEndpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ request, ...{ client_id: 'test-client', client_secret: 'marked-secret-Zq7' } }),
    })
  const granted = await ask({ scopes: ['a'], kind: 'grant' })
  const { access_token: token } = await json(granted)
  expect([granted.status, granted.headers.get('x-token'), granted.headers.get('x-ttl')]).toEqual([200, token, '3600'])
  for (const wrong of [
    undefined,
    '{"kind":"grant","scopes":["a"]}',
    { kind: 'grant' },
    { kind: 'grant', scopes: [] },
  ]) {
    expect((await ask(wrong)).status).toBe(400)
  }
})

it('revokes a token for a client that authenticates, as RFC 7009 says', async () => {
  await using emulator = await startEmulator(standardEmulation())
  const { revocationEndpoint = '', issuer, apiUrl, credentials } = emulator
  const metadata = await json(await fetch(`${issuer}/.well-known/oauth-authorization-server`))
  expect(metadata.revocation_endpoint).toBe(revocationEndpoint)
  const token = await emulator.issueToken()
  const other = await emulator.issueToken()

  expect((await askForToken(revocationEndpoint, undefined, { token })).status).toBe(401)
  expect((await askForToken(revocationEndpoint, basicForm(credentials))).status).toBe(400)
  expect((await get(apiUrl, token)).status).toBe(200)
  expect((await askForToken(revocationEndpoint, basicForm(credentials), { token })).status).toBe(200)
  expect((await get(apiUrl, token)).status).toBe(401)
  expect((await get(apiUrl, other)).status).toBe(200)
  // Section 2.2: a token that is not known is no error.
  expect((await askForToken(revocationEndpoint, basicForm(credentials), { token: 'unknown' })).status).toBe(200)
  expect((await fetch(revocationEndpoint)).status).toBe(405)

  emulator.faults.set('revocation', { name: 'error', status: 503 }, { times: 1 })
  expect((await askForToken(revocationEndpoint, basicForm(credentials), { token })).status).toBe(503)
})

it('has a revocation endpoint of another path, or none', async () => {
  await using elsewhere = await startEmulator(standardEmulation({ revocationPath: '/oauth2/revoke' }))
  expect(elsewhere.revocationEndpoint).toBe(`${elsewhere.url}/oauth2/revoke`)
  await using none = await startEmulator(standardEmulation({ revocationPath: null }))
  expect(none.revocationEndpoint).toBeUndefined()
  expect((await fetch(`${none.url}/revoke`, { method: 'POST' })).status).toBe(404)
  const metadata = await json(await fetch(`${none.issuer}/.well-known/oauth-authorization-server`))
  expect(metadata).not.toHaveProperty('revocation_endpoint')
})
