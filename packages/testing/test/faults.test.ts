import { createConnection } from 'node:net'
import { describe, expect, it } from 'vitest'
import {
  type Answer,
  createClock,
  type Fault,
  prevu3dEmulation,
  type RecordedRequest,
  type StandardEmulator,
  smartCompletionsEmulation,
  standardEmulation,
  startEmulator,
} from '../src/index.ts'
import { askForToken, basicForm, get, json } from './requests.ts'

const start = (): Promise<StandardEmulator> => startEmulator(standardEmulation())
const ask = (emulator: StandardEmulator): Promise<Response> =>
  askForToken(emulator.tokenEndpoint, basicForm(emulator.credentials))

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}

describe('by name', () => {
  it('slow', async () => {
    await using emulator = await start()
    emulator.faults.set('token', { name: 'slow', seconds: 0.2 })
    expect(await secondsOf(() => ask(emulator))).toBeGreaterThanOrEqual(0.19)
  })

  it('hang', async () => {
    await using emulator = await start()
    emulator.faults.set('token', { name: 'hang' })
    const pending = ask(emulator).catch(() => 'cut off')
    await emulator.waitForRequest(({ part }) => part === 'token')
    expect(await Promise.race([pending, new Promise((resolve) => setTimeout(resolve, 100, 'waiting'))])).toBe('waiting')
    await emulator.close()
    expect(await pending).toBe('cut off')
  })

  it('hang in the body', async () => {
    await using emulator = await start()
    emulator.faults.set('token', { name: 'hang', at: 'body' })
    const answer = await ask(emulator)
    expect(answer.status).toBe(200)
    const text = answer.text().catch(() => 'cut off')
    expect(await Promise.race([text, new Promise((resolve) => setTimeout(resolve, 100, 'waiting'))])).toBe('waiting')
    await emulator.close()
    expect(await text).toBe('cut off')
  })

  it('reset', async () => {
    await using emulator = await start()
    emulator.faults.set('token', { name: 'reset' })
    const error = await ask(emulator).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ cause: { code: 'ECONNRESET' } })
  })

  it('reset in the body', async () => {
    await using emulator = await start()
    emulator.faults.set('token', { name: 'reset', at: 'body' })
    const answer = await ask(emulator)
    expect(answer.status).toBe(200)
    await expect(answer.text()).rejects.toThrow()
  })

  it('error', async () => {
    await using emulator = await start()
    emulator.faults.set('token', { name: 'error' })
    expect((await ask(emulator)).status).toBe(500)
    emulator.faults.set('token', { name: 'error', status: 503 })
    expect((await ask(emulator)).status).toBe(503)
    expect(() => emulator.faults.set('token', { name: 'error', status: 404 })).toThrow(RangeError)
  })

  it('tooManyRequests', async () => {
    const clock = createClock(new Date('2026-01-01T00:00:00Z'))
    await using emulator = await startEmulator(standardEmulation({ now: clock.now }))
    const headerOf = async (name: string, fault: Fault): Promise<string | null> => {
      emulator.faults.set('token', fault)
      const answer = await ask(emulator)
      expect(answer.status).toBe(429)
      return answer.headers.get(name)
    }
    expect(await headerOf('retry-after', { name: 'tooManyRequests' })).toBe('1')
    expect(await headerOf('retry-after', { name: 'tooManyRequests', retryAfter: 30 })).toBe('30')
    const retryAfter = new Date('2026-01-01T00:01:00Z')
    const asDate = await headerOf('retry-after', { name: 'tooManyRequests', retryAfter })
    expect(asDate).toBe('Thu, 01 Jan 2026 00:01:00 GMT')
    const reset = await headerOf('x-rate-limit-reset', { name: 'tooManyRequests', rateLimitReset: 5 })
    expect(reset).toBe('1767225605')
  })

  it('html', async () => {
    await using emulator = await start()
    emulator.faults.set('token', { name: 'html', status: 200 })
    const answer = await ask(emulator)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html'])
    expect(await answer.text()).toMatch(/^<!doctype html>/)
  })

  it('truncated', async () => {
    await using emulator = await start()
    emulator.faults.set('token', { name: 'truncated' })
    const answer = await ask(emulator)
    expect(answer.status).toBe(200)
    await expect(answer.text()).rejects.toThrow()
    emulator.faults.set('token', { name: 'truncated', by: 'json' })
    await expect((await ask(emulator)).json()).rejects.toThrow(SyntaxError)
  })

  it('drip', async () => {
    await using emulator = await start()
    const usual = await secondsOf(() => ask(emulator))
    emulator.faults.set('token', { name: 'drip', seconds: 0.3 })
    let body: unknown
    const seconds = await secondsOf(async () => {
      body = await (await ask(emulator)).json()
    })
    expect(seconds).toBeGreaterThanOrEqual(0.28)
    expect(seconds).toBeLessThan(2 + 10 * usual)
    expect(body).toMatchObject({ token_type: 'Bearer' })
  })

  it('redirect', async () => {
    await using emulator = await start()
    emulator.faults.set('token', { name: 'redirect', to: emulator.elsewhereUrl })
    const answer = await ask(emulator)
    expect([answer.status, answer.headers.get('location')]).toEqual([307, emulator.elsewhereUrl])
    emulator.faults.set('api', { name: 'redirect', to: emulator.elsewhereUrl, status: 302 })
    expect((await get(emulator.apiUrl)).status).toBe(302)
  })

  it('revoked', async () => {
    await using emulator = await start()
    const before = await emulator.issueToken()
    emulator.faults.set('api', { name: 'revoked' })
    const after = await emulator.issueToken()
    expect((await get(emulator.apiUrl, before)).status).toBe(401)
    expect((await get(emulator.apiUrl, after)).status).toBe(200)
    emulator.faults.set('api', { name: 'revoked' }, { times: 1 })
    expect((await get(emulator.apiUrl, after)).status).toBe(401)
    expect((await get(emulator.apiUrl, after)).status).toBe(200)
  })

  it('revoked, of the vendors’ emulations', async () => {
    await using prevu3d = await startEmulator(prevu3dEmulation())
    await using hexagon = await startEmulator(smartCompletionsEmulation())
    const cases = [
      [prevu3d, `${prevu3d.apiUrl}/v1/nodes/${prevu3d.organization.id}/browse`],
      [hexagon, `${hexagon.host}/sc/datalake/v1/`],
    ] as const
    for (const [emulator, url] of cases) {
      const before = await emulator.issueToken()
      emulator.faults.set('api', { name: 'revoked' })
      expect((await get(url, before)).status).toBe(401)
      expect((await get(url, await emulator.issueToken())).status).toBe(200)
    }
  })

  it('wrongRegion', async () => {
    await using emulator = await startEmulator(prevu3dEmulation())
    const apiUrl = async (): Promise<unknown> =>
      (await json(await get(`${emulator.url}/oauth/api-info`, await emulator.issueToken()))).apiUrl
    emulator.faults.set('discovery', { name: 'wrongRegion' }, { times: 1 })
    expect(await apiUrl()).toBe(`${emulator.apiOrigins[1]}/realityconnect-api`)
    expect(await apiUrl()).toBe(emulator.apiUrl)
    emulator.faults.set('discovery', { name: 'wrongRegion', apiUrl: 'https://evil.test/api' })
    expect(await apiUrl()).toBe('https://evil.test/api')
  })

  it('answer', async () => {
    await using emulator = await start()
    emulator.faults.set('token', { name: 'answer', answer: { status: 418, body: { tea: true } } })
    expect(await json(await ask(emulator))).toEqual({ tea: true })
    emulator.faults.set('token', {
      name: 'answer',
      answer: async ({ form }) => ({ body: form.get('grant_type') ?? '' }),
    })
    expect(await (await ask(emulator)).text()).toBe('client_credentials')
    const some = ({ form }: RecordedRequest): Answer | undefined => (form.has('scope') ? { status: 418 } : undefined)
    emulator.faults.set('token', { name: 'answer', answer: some })
    expect((await ask(emulator)).status).toBe(200)
    expect((await askForToken(emulator.tokenEndpoint, undefined, { scope: 'a' })).status).toBe(418)
    const broken = (): never => {
      throw new Error('a mistake in the test')
    }
    emulator.faults.set('token', { name: 'answer', answer: broken })
    const answer = await ask(emulator)
    expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining('a mistake in the test')])
  })
})

it('affects the given number of requests', async () => {
  await using emulator = await start()
  emulator.faults.set('token', { name: 'error' }, { times: 2 })
  emulator.faults.add('token', { name: 'tooManyRequests' }, { times: 1 })
  const statuses: number[] = []
  for (let i = 0; i < 4; i++) statuses.push((await ask(emulator)).status)
  expect(statuses).toEqual([500, 500, 429, 200])
})

it('affects one part, until it is cleared', async () => {
  await using emulator = await start()
  emulator.faults.set('token', { name: 'error' })
  emulator.faults.set('discovery', { name: 'error' })
  expect((await get(emulator.apiUrl)).status).toBe(401)
  emulator.faults.clear('token')
  expect((await ask(emulator)).status).toBe(200)
  const metadata = `${emulator.url}/.well-known/oauth-authorization-server`
  expect((await get(metadata)).status).toBe(500)
  emulator.faults.clear()
  expect((await get(metadata)).status).toBe(200)
})

it('affects paths that a vendor’s emulation does not have', async () => {
  await using prevu3d = await startEmulator(prevu3dEmulation())
  await using hexagon = await startEmulator(smartCompletionsEmulation())
  const cases = [
    [prevu3d, `${prevu3d.apiUrl}/v1/assets`],
    [hexagon, `${hexagon.host}/sc/datalake/v1/Systems`],
  ] as const
  for (const [emulator, url] of cases) {
    expect((await get(url)).status).toBe(401)
    expect((await get(url, await emulator.issueToken())).status).toBe(404)
    emulator.faults.set('api', { name: 'answer', answer: ({ path }) => ({ body: { path } }) })
    expect(await json(await get(url))).toEqual({ path: new URL(url).pathname })
  }
})

it('is rejected by parts that do not support it', async () => {
  await using emulator = await start()
  const { faults } = emulator
  expect(() => faults.set('token', { name: 'revoked' })).toThrow(
    /part 'token' of '\w+' does not support the fault 'revoked'/,
  )
  expect(() => faults.set('discovery', { name: 'wrongRegion' })).toThrow(TypeError)
  expect(() => faults.set('token', { name: 'error' }, { times: 0 })).toThrow(RangeError)
  expect(() => faults.set('token', { name: 'slow', seconds: -1 })).toThrow(RangeError)
})

it('keeps the current fault if the next one is invalid', async () => {
  await using emulator = await start()
  emulator.faults.set('token', { name: 'error' })
  expect(() => emulator.faults.set('token', { name: 'drip', seconds: Number.NaN })).toThrow(RangeError)
  expect((await ask(emulator)).status).toBe(500)
})

it('sends fewer bytes than Content-Length when truncated', async () => {
  await using emulator = await start()
  emulator.faults.set('discovery', { name: 'truncated' })
  const { hostname, port } = new URL(emulator.url)
  const raw = await new Promise<string>((resolve, reject) => {
    let text = ''
    const socket = createConnection(Number(port), hostname, () =>
      socket.write('GET /.well-known/openid-configuration HTTP/1.1\r\nHost: x\r\n\r\n'),
    )
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.once('end', () => resolve(text))
    socket.once('error', reject)
  })
  const [head = '', body = ''] = raw.split('\r\n\r\n')
  const promised = Number(/content-length: (\d+)/i.exec(head)?.[1])
  expect(body.length).toBeGreaterThan(0)
  expect(body.length).toBeLessThan(promised)
})
