import { createServer } from 'node:http'
import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import {
  createClock,
  prevu3dEmulation,
  smartCompletionsEmulation,
  standardEmulation,
  startEmulator,
} from '../src/index.ts'
import { askForToken, basicForm, get, json } from './requests.ts'

it('listens on a free port of the loopback interface, or on the given one', async () => {
  await using one = await startEmulator(standardEmulation())
  await using two = await startEmulator(standardEmulation())
  expect(one.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect(two.url).not.toBe(one.url)

  const { port } = new URL(one.url)
  await expect(startEmulator(standardEmulation(), { port: Number(port) })).rejects.toThrow('EADDRINUSE')
  await one.close()
  await using again = await startEmulator(standardEmulation(), { port: Number(port) })
  expect(again.url).toBe(one.url)
})

it('records requests', async () => {
  const clock = createClock(new Date('2026-01-01T00:00:00Z'))
  await using emulator = await startEmulator(standardEmulation({ now: clock.now }))
  await askForToken(emulator.tokenEndpoint, basicForm(emulator.credentials), { scope: 'a b' })
  clock.advance(1.5)
  await fetch(`${emulator.apiUrl}/x%20y?b=2&b=3`, { method: 'POST', headers: { 'X-Mine': 'yes' }, body: 'text' })
  await get(`${emulator.url}//nowhere`)

  const [token, api, nowhere] = emulator.requests
  expect(token).toMatchObject({ method: 'POST', origin: emulator.url, path: '/token', part: 'token' })
  expect(token?.body).toBe('grant_type=client_credentials&scope=a+b')
  expect(token?.form.get('scope')).toBe('a b')
  expect(token?.headers.get('authorization')).toBe(basicForm(emulator.credentials))
  expect(token?.time).toBe(Date.parse('2026-01-01T00:00:00Z'))
  expect(api).toMatchObject({ path: '/api/x%20y', part: 'api', body: 'text', time: clock.now() })
  expect(api?.query.getAll('b')).toEqual(['2', '3'])
  expect(api?.headers.get('x-mine')).toBe('yes')
  expect(nowhere).toMatchObject({ path: '//nowhere', part: undefined })

  emulator.clearRequests()
  expect(emulator.requests).toEqual([])
})

it('waits for a request', async () => {
  const emulator = await startEmulator(standardEmulation())
  const heard = emulator.waitForRequest(({ method }) => method === 'DELETE')
  await get(emulator.apiUrl)
  await fetch(`${emulator.apiUrl}/it`, { method: 'DELETE' })
  expect((await heard).path).toBe('/api/it')
  expect((await emulator.waitForRequest()).path).toBe('/api')

  const never = expect(emulator.waitForRequest(() => false)).rejects.toThrow(/closed/)
  await emulator.close()
  await never
})

it('closes at once, with requests in flight, and can be closed twice', async () => {
  const emulator = await startEmulator(prevu3dEmulation())
  await get(`${emulator.url}/oauth/api-info`)
  emulator.faults.set('token', { name: 'hang' }, { times: 1 })
  emulator.faults.add('token', { name: 'slow', seconds: 3600 })
  const pending = [1, 2].map(() => askForToken(`${emulator.url}/oauth/token`, undefined).then(String, () => 'cut off'))
  while (emulator.requests.length < 3) await new Promise((resolve) => setTimeout(resolve, 5))

  await emulator.close()
  expect(await Promise.all(pending)).toEqual(['cut off', 'cut off'])
  await emulator.close()
  await expect(get(emulator.url)).rejects.toThrow()
})

it('frees the ports of all its origins', async () => {
  const emulator = await startEmulator(prevu3dEmulation())
  const origins = [emulator.url, ...emulator.apiOrigins]
  await emulator.close()
  for (const origin of origins) {
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(Number(new URL(origin).port), '127.0.0.1', resolve)
    })
    await new Promise((resolve) => server.close(resolve))
  }
})

it('prints neither credentials nor tokens', async () => {
  await using emulator = await startEmulator(standardEmulation({ clientSecret: 's3cr+t%:é x' }))
  const { clientId: client_id, clientSecret: client_secret } = emulator.credentials
  const header = basicForm(emulator.credentials)
  const token = await emulator.issueToken()
  await askForToken(emulator.tokenEndpoint, header)
  await askForToken(emulator.tokenEndpoint, undefined, { client_id, client_secret })
  await askForToken(`${emulator.tokenEndpoint}?client_secret=${encodeURIComponent(client_secret)}`, undefined)
  await askForToken(emulator.tokenEndpoint, undefined, { pw: client_secret })
  await fetch(`${emulator.apiUrl}?access_token=${token}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'x-token': 'opaque', 'x-odd': token },
    body: JSON.stringify({ client_secret, token }),
  })

  const fields = (value: object): unknown[] =>
    Object.values(value).flatMap((field) => (typeof field === 'object' && field !== null ? fields(field) : [field]))
  const printed = [emulator, emulator.requests, emulator.credentials, ...emulator.requests].flatMap((subject) => [
    inspect(subject, { depth: 20, showHidden: false }),
    inspect({ at: [{ any: { depth: subject } }] }, { depth: 20 }),
    JSON.stringify(subject),
    // What a test runner shows when it goes through an object field by field.
    JSON.stringify(subject === emulator.credentials ? '' : fields(subject)),
  ])
  for (const request of emulator.requests) {
    const { headers, query, form } = request
    for (const subject of [headers, query, form]) printed.push(inspect(subject), JSON.stringify(subject))
  }
  const forms = [client_secret, encodeURIComponent(client_secret), 's3cr%2Bt', header.slice(6), token, 'opaque']
  for (const text of printed) {
    for (const form of forms) expect(text.includes(form)).toBe(false)
  }
  const shown = inspect(emulator, { depth: 20 })
  expect(shown).toContain("authorization: 'Basic [redacted]'")
  expect(shown).toContain('grant_type=client_credentials')
})

it('prints no secrets when an expectation fails', async () => {
  await using emulator = await startEmulator(standardEmulation())
  await askForToken(emulator.tokenEndpoint, basicForm(emulator.credentials))
  const subjects: unknown[] = [emulator, emulator.requests, emulator.credentials]
  for (const subject of subjects) {
    let failure: unknown
    try {
      expect(subject).toEqual('something else')
    } catch (error) {
      failure = error
    }
    const { message } = failure as Error
    expect(message).not.toContain(emulator.credentials.clientSecret)
    expect(message).not.toContain(basicForm(emulator.credentials).slice(6))
  }
})

it('starts each emulation with its own secrets', async () => {
  const emulation = smartCompletionsEmulation()
  await using one = await startEmulator(emulation)
  await using two = await startEmulator(emulation)
  expect(two.credentials.clientSecret).not.toBe(one.credentials.clientSecret)
})

it('handles many concurrent requests', async () => {
  await using emulator = await startEmulator(standardEmulation())
  const asked = Array.from({ length: 100 }, () => askForToken(emulator.tokenEndpoint, basicForm(emulator.credentials)))
  const tokens = await Promise.all(asked.map(async (answer) => (await json(await answer)).access_token))
  expect(new Set(tokens).size).toBe(100)
  expect(emulator.requests).toHaveLength(100)
})
