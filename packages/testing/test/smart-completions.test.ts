import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose'
import { expect, it } from 'vitest'
import { createClock, type SmartCompletionsEmulator, smartCompletionsEmulation, startEmulator } from '../src/index.ts'
import { askForToken, basicForm, basicRaw, get, json } from './requests.ts'

const scope = { scope: 'ingr.api' }
const tokenEndpoint = (emulator: SmartCompletionsEmulator): string => `${emulator.authorizationServer}/v1/token`
const projects = (emulator: SmartCompletionsEmulator): string => `${emulator.host}/sc/datalake/v1/Instances(2)/Projects`

it('supports the workflow of the guide', async () => {
  await using emulator = await startEmulator(smartCompletionsEmulation())
  expect(emulator.authorizationServer).toBe(`${emulator.url}/oauth2/aus1`)
  expect(emulator.host).not.toBe(emulator.url)

  // As the guide writes it: the scheme in lower case.
  const authorization = basicRaw(emulator.credentials).replace('Basic', 'basic')
  const answer = await askForToken(tokenEndpoint(emulator), authorization, scope)
  expect(answer.status).toBe(200)
  const body = await json(answer)
  expect(body).toEqual({
    token_type: 'Bearer',
    expires_in: 3600,
    access_token: expect.stringMatching(/^eyJ/),
    scope: 'ingr.api',
  })
  expect(decodeJwt(String(body.access_token)).sub).toBe(emulator.credentials.clientId)

  const found = await get(projects(emulator), String(body.access_token))
  expect(found.status).toBe(200)
  expect(found.headers.get('odata-version')).toBe('4.0')
  expect(await json(found)).toEqual({
    '@odata.context': `${emulator.host}/sc/datalake/v1/$metadata#Instances(2)/Projects`,
    value: [
      { Id: 1, Name: 'Refinery Turnaround' },
      { Id: 2, Name: 'Pump Station' },
      { Id: 3, Name: 'Tank Farm' },
    ],
  })
})

it('accepts credentials in the header or in the body, but not in both', async () => {
  await using emulator = await startEmulator(smartCompletionsEmulation())
  const { clientId: client_id, clientSecret: client_secret } = emulator.credentials
  const inBody = { ...scope, client_id, client_secret }

  expect((await askForToken(tokenEndpoint(emulator), undefined, inBody)).status).toBe(200)
  const both = await askForToken(tokenEndpoint(emulator), basicRaw(emulator.credentials), inBody)
  expect(both.status).toBe(400)
  expect(await json(both)).toMatchObject({ error: 'invalid_request' })
  const neither = await askForToken(tokenEndpoint(emulator), undefined, scope)
  expect(neither.status).toBe(401)
  expect(await json(neither)).toMatchObject({ error: 'invalid_client' })
})

it('decodes a Basic header raw, or form-encoded by option', async () => {
  await using raw = await startEmulator(smartCompletionsEmulation())
  await using form = await startEmulator(smartCompletionsEmulation({ basicEncoding: 'form' }))
  for (const [emulator, right, wrong] of [
    [raw, basicRaw, basicForm],
    [form, basicForm, basicRaw],
  ] as const) {
    expect((await askForToken(tokenEndpoint(emulator), right(emulator.credentials), scope)).status).toBe(200)
    expect((await askForToken(tokenEndpoint(emulator), wrong(emulator.credentials), scope)).status).toBe(401)
  }
})

it('rejects an unknown client and a wrong secret in two formats', async () => {
  await using emulator = await startEmulator(smartCompletionsEmulation())
  const { credentials } = emulator

  const unknown = await askForToken(tokenEndpoint(emulator), basicRaw({ ...credentials, clientId: 'nobody' }), scope)
  expect(unknown.status).toBe(401)
  expect(await json(unknown)).toEqual({
    errorCode: 'invalid_client',
    errorSummary: expect.any(String),
    errorLink: expect.any(String),
    errorId: expect.any(String),
    errorCauses: [],
  })

  const wrong = await askForToken(tokenEndpoint(emulator), basicRaw({ ...credentials, clientSecret: 'wrong' }), scope)
  expect(wrong.status).toBe(401)
  expect(await json(wrong)).toEqual({ error: 'invalid_client', error_description: expect.any(String) })
})

it.each([
  [{}, 'invalid_scope'],
  [{ scope: '' }, 'invalid_scope'],
  [{ scope: 'Ingr.API' }, 'invalid_scope'],
  [{ scope: 'ingr.api other' }, 'invalid_scope'],
  [{ ...scope, grant_type: 'password' }, 'unsupported_grant_type'],
  [{ ...scope, grant_type: '' }, 'invalid_request'],
])('refuses %o with 400 and %s', async (form, error) => {
  await using emulator = await startEmulator(smartCompletionsEmulation())
  const answer = await askForToken(tokenEndpoint(emulator), basicRaw(emulator.credentials), form)
  expect(answer.status).toBe(400)
  expect(await json(answer)).toMatchObject({ error })
})

it('grants a GUID as scope, and ignores a resource', async () => {
  const guid = '0F0F0F0F-1111-4222-8333-ABCDEFABCDEF'
  await using emulator = await startEmulator(smartCompletionsEmulation({ scopes: [guid] }))
  const form = { scope: guid, resource: guid }
  const answer = await askForToken(tokenEndpoint(emulator), basicRaw(emulator.credentials), form)
  expect(await json(answer)).toMatchObject({ scope: guid })
})

it('publishes its metadata and its key', async () => {
  await using emulator = await startEmulator(smartCompletionsEmulation())
  const metadata = await json(await get(`${emulator.authorizationServer}/.well-known/openid-configuration`))
  expect(metadata).toMatchObject({ issuer: emulator.authorizationServer, token_endpoint: tokenEndpoint(emulator) })
  const keys = (await json(await get(String(metadata.jwks_uri)))) as unknown as JSONWebKeySet
  const { payload } = await jwtVerify(await emulator.issueToken(), createLocalJWKSet(keys))
  expect(payload.iss).toBe(emulator.authorizationServer)
})

it('rejects tokens that are missing, wrong or expired with 401, and unknown users with 403', async () => {
  const clock = createClock()
  await using emulator = await startEmulator(smartCompletionsEmulation({ now: clock.now }))
  const token = await emulator.issueToken({ lifetime: 10 })
  expect((await get(projects(emulator), token)).status).toBe(200)
  clock.advance(10)
  for (const refused of [token, 'wrong', undefined]) {
    const answer = await get(projects(emulator), refused)
    expect(answer.status).toBe(401)
    expect(await json(answer)).toEqual({ error: { code: '401', message: 'Token validation failed' } })
  }

  await using strict = await startEmulator(smartCompletionsEmulation({ productUsers: ['somebody.else'] }))
  expect((await get(projects(strict), await strict.issueToken())).status).toBe(403)
})

it('supports pages, counts and creation', async () => {
  await using emulator = await startEmulator(smartCompletionsEmulation({ pageSize: 2 }))
  const token = await emulator.issueToken()

  const first = await json(await get(`${projects(emulator)}?$count=true`, token))
  expect(first).toMatchObject({ '@odata.count': 3, value: [{ Id: 1 }, { Id: 2 }] })
  const second = await json(await get(String(first['@odata.nextLink']), token))
  expect(second).toMatchObject({ value: [{ Id: 3 }] })
  expect(second).not.toHaveProperty('@odata.nextLink')
  expect(await json(await get(`${projects(emulator)}?$top=1&$skip=1`, token))).toMatchObject({ value: [{ Id: 2 }] })
  expect((await get(`${projects(emulator)}?$top=some`, token)).status).toBe(400)
  expect((await get(`${projects(emulator)}?$filter=Id eq 1`, token)).status).toBe(501)
  expect((await get(projects(emulator).replace('(2)', '(9)'), token)).status).toBe(404)

  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const created = await fetch(projects(emulator), { method: 'POST', headers, body: '{"Name":"New"}' })
  expect(created.status).toBe(201)
  expect(await json(created)).toMatchObject({ Id: 4, Name: 'New' })
  expect((await fetch(projects(emulator), { method: 'POST', headers, body: 'nonsense' })).status).toBe(400)

  for (const path of ['', '/']) {
    const service = await json(await get(`${emulator.host}/sc/datalake/v1${path}`, token))
    expect(service.value).toEqual([{ name: 'Instances', kind: 'EntitySet', url: 'Instances' }])
  }
  expect((await get(`${emulator.host}/sc/datalake/v1/Instances`, token)).status).toBe(200)
})
