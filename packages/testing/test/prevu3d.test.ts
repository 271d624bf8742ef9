import { decodeJwt, decodeProtectedHeader } from 'jose'
import { expect, it } from 'vitest'
import { createClock, type Prevu3dEmulator, prevu3dEmulation, startEmulator } from '../src/index.ts'
import { askForToken, basicForm, basicRaw, get, json } from './requests.ts'

const browse = (emulator: Prevu3dEmulator, token: string, id = emulator.organization.id): Promise<Response> =>
  get(`${emulator.apiUrl}/v1/nodes/${id}/browse`, token)

it('supports the five steps of the guide', async () => {
  await using emulator = await startEmulator(prevu3dEmulation())

  const answer = await askForToken(`${emulator.url}/oauth/token`, basicRaw(emulator.credentials))
  expect(answer.status).toBe(200)
  const body = await json(answer)
  expect(Object.keys(body)).toEqual(['hasError', 'expiresIn', 'accessToken'])
  expect(body).toMatchObject({ hasError: false, expiresIn: 3600 })
  const token = String(body.accessToken)
  expect(token).toMatch(/^eyJhbGciOiJFUzUxMiIsInR5cCI6IkpXVCJ9\./)

  const info = await json(await get(`${emulator.url}/oauth/api-info`, token))
  expect(info).toMatchObject({
    user: { lastName: 'OAuth Application' },
    organization: { id: '217ebd23-ec54-4af0-a6d6-4a441a6d1966', name: 'Test Organization' },
    scopes: ['read:basic', 'read:hierarchy'],
    apiUrl: emulator.apiUrl,
  })
  expect(new URL(emulator.apiUrl).pathname).toBe('/realityconnect-api')

  const divisions = await (await browse(emulator, token)).json()
  expect(divisions).toEqual([
    { id: expect.any(String), name: 'North Division', type: 'division' },
    { id: expect.any(String), name: 'South Division', type: 'division' },
  ])
  expect(emulator.requests.map(({ part }) => part)).toEqual(['token', 'discovery', 'api'])
})

it('issues tokens with the claims of the older page', async () => {
  await using emulator = await startEmulator(prevu3dEmulation())
  const token = await emulator.issueToken()

  expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES512', typ: 'JWT' })
  expect(Object.keys(decodeJwt(token)).slice(0, 8)).toEqual([
    'id',
    'firstName',
    'lastName',
    'email',
    'refreshTokenId',
    'scopes',
    'ver',
    'kid',
  ])
  expect(decodeJwt(token)).toMatchObject({ scopes: ['OAuth'], ver: 1, kid: 'cloud-platform' })
})

it('returns the negative lifetime of the older page, exact to the second', async () => {
  const clock = createClock(new Date('2025-07-09T10:52:30Z'))
  await using emulator = await startEmulator(prevu3dEmulation({ expiresIn: 'negative', now: clock.now }))

  const answer = await json(await askForToken(`${emulator.url}/oauth/token`, basicRaw(emulator.credentials)))
  expect(answer.expiresIn).toBe(-1752054750)
  expect((await browse(emulator, String(answer.accessToken))).status).toBe(200)
})

it('rejects wrong, missing and form-encoded credentials with 401', async () => {
  await using emulator = await startEmulator(prevu3dEmulation())
  const { credentials } = emulator
  for (const authorization of [
    basicRaw({ ...credentials, clientSecret: 'wrong' }),
    basicRaw({ ...credentials, clientId: 'wrong' }),
    basicForm(credentials),
    'Basic not-base64!',
    undefined,
  ]) {
    const answer = await askForToken(`${emulator.url}/oauth/token`, authorization)
    expect(answer.status).toBe(401)
    expect(await json(answer)).toEqual({ hasError: true })
  }
  const inBody = { client_id: credentials.clientId, client_secret: credentials.clientSecret }
  expect((await askForToken(`${emulator.url}/oauth/token`, undefined, inBody)).status).toBe(401)
})

it('accepts only a form with the grant type', async () => {
  await using emulator = await startEmulator(prevu3dEmulation())
  const endpoint = `${emulator.url}/oauth/token`
  const authorization = basicRaw(emulator.credentials)

  // The older page's Content-Length of 28 cuts the last letter off.
  expect((await askForToken(endpoint, authorization, { grant_type: 'client_credential' })).status).toBe(400)
  const asJson = { authorization, 'content-type': 'application/json' }
  expect((await fetch(endpoint, { method: 'POST', headers: asJson, body: '{}' })).status).toBe(415)
  const got = await get(endpoint)
  expect(got.status).toBe(405)
  expect(got.headers.get('allow')).toBe('POST')
})

it.each(['', '/', '/v1', '/v1/'] as const)(
  'has the nodes under /v1 once, though apiUrl ends in "%s"',
  async (apiUrlSuffix) => {
    await using emulator = await startEmulator(prevu3dEmulation({ apiUrlSuffix }))
    const token = await emulator.issueToken()
    expect(emulator.apiUrl).toMatch(new RegExp(`/realityconnect-api${apiUrlSuffix}$`))

    const { origin } = new URL(emulator.apiUrl)
    const nodes = `nodes/${emulator.organization.id}/browse`
    expect((await get(`${origin}/realityconnect-api/v1/${nodes}`, token)).status).toBe(200)
    for (const path of [`/realityconnect-api/v1/v1/${nodes}`, `/realityconnect-api//v1/${nodes}`, `/v1/${nodes}`]) {
      expect((await get(`${origin}${path}`, token)).status).toBe(404)
    }
  },
)

it('has nodes only in the organisation’s region', async () => {
  await using emulator = await startEmulator(prevu3dEmulation({ region: 'an1' }))
  const token = await emulator.issueToken()
  expect(new Set(emulator.apiOrigins).size).toBe(4)

  const answers = emulator.apiOrigins.map((origin) =>
    get(`${origin}/realityconnect-api/v1/nodes/${emulator.organization.id}/browse`, token),
  )
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([404, 404, 200, 404])
})

it('has a separate origin for the organisation’s region with separateRegion', async () => {
  await using emulator = await startEmulator(prevu3dEmulation({ separateRegion: true }))
  const token = await emulator.issueToken()

  expect(new URL(emulator.apiUrl).origin).not.toBe(emulator.url)
  expect(emulator.apiOrigins).toContain(new URL(emulator.apiUrl).origin)
  expect((await browse(emulator, token)).status).toBe(200)
})

it('lists all levels from the organisation to an asset', async () => {
  await using emulator = await startEmulator(prevu3dEmulation())
  const token = await emulator.issueToken()

  const types: string[] = []
  for (let id: string | undefined = emulator.organization.id; id !== undefined; ) {
    const [first] = (await (await browse(emulator, token, id)).json()) as { id: string; type: string }[]
    if (first !== undefined) types.push(first.type)
    id = first?.id
  }
  expect(types).toEqual(['division', 'site', 'folder', 'asset'])
  expect((await browse(emulator, token, crypto.randomUUID())).status).toBe(404)
})

it('rejects what one of the three layers forbids', async () => {
  await using unscoped = await startEmulator(prevu3dEmulation({ scopes: ['read:basic'] }))
  expect((await browse(unscoped, await unscoped.issueToken())).status).toBe(403)

  await using roleless = await startEmulator(prevu3dEmulation({ role: false }))
  expect((await browse(roleless, await roleless.issueToken())).status).toBe(403)

  await using fresh = await startEmulator(prevu3dEmulation({ contentAccess: false }))
  const token = await fresh.issueToken()
  expect(await (await browse(fresh, token)).json()).toEqual([])
  expect((await browse(fresh, token, fresh.divisions[0]?.id)).status).toBe(403)
})

it('rejects tokens that are missing, expired or of another issuer', async () => {
  const clock = createClock()
  await using emulator = await startEmulator(prevu3dEmulation({ now: clock.now, lifetime: 60, timeClaims: false }))
  await using other = await startEmulator(prevu3dEmulation())
  const token = await emulator.issueToken()
  expect(decodeJwt(token)).not.toHaveProperty('exp')

  clock.advance(59)
  expect((await browse(emulator, token)).status).toBe(200)
  clock.advance(1)
  for (const refused of [token, await other.issueToken(), 'not-a-token', '']) {
    expect((await browse(emulator, refused)).status).toBe(401)
    expect((await get(`${emulator.url}/oauth/api-info`, refused)).status).toBe(401)
  }
})

it('rejects a token whose claims were changed', async () => {
  await using emulator = await startEmulator(prevu3dEmulation())
  const [header, payload = '', signature] = (await emulator.issueToken()).split('.')
  const claims = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), exp: 9_999_999_999 }
  const forged = [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
  expect((await browse(emulator, forged)).status).toBe(401)
})

it('accepts the old and the new secret while they overlap', async () => {
  await using emulator = await startEmulator(prevu3dEmulation())
  const statusOf = async (credentials: typeof emulator.credentials): Promise<number> =>
    (await askForToken(`${emulator.url}/oauth/token`, basicRaw(credentials))).status
  const first = emulator.credentials
  const second = emulator.rotateSecret(undefined, { overlap: true })
  const third = emulator.rotateSecret(undefined, { overlap: true })
  for (const credentials of [first, second, third]) expect(await statusOf(credentials)).toBe(200)
  emulator.rotateSecret(third.clientSecret)
  for (const credentials of [first, second]) expect(await statusOf(credentials)).toBe(401)
  expect(await statusOf(third)).toBe(200)
})

it('accepts only the new secret after a rotation', async () => {
  await using emulator = await startEmulator(prevu3dEmulation({ clientId: 'me', clientSecret: 'one' }))
  const before = emulator.credentials
  const after = emulator.rotateSecret('two')
  expect(emulator.credentials).toBe(after)
  expect({ ...after }).toEqual({ clientId: 'me', clientSecret: 'two' })
  expect((await askForToken(`${emulator.url}/oauth/token`, basicRaw(before))).status).toBe(401)
  expect((await askForToken(`${emulator.url}/oauth/token`, basicRaw(after))).status).toBe(200)
})
