import { Readable } from 'node:stream'
import { type StandardEmulationOptions, standardEmulation, startEmulator } from '@latchkey/testing'
import { describe, expect, it } from 'vitest'
import { type ClientEvent, type ClientOptions, createClient, type Provider } from '../../src/index.ts'

async function start(
  emulation: StandardEmulationOptions = {},
  provider: Partial<Provider> = {},
  options: Partial<ClientOptions> = {},
) {
  const emulator = await startEmulator(standardEmulation(emulation))
  const { tokenEndpoint, apiUrl, credentials } = emulator
  const events: ClientEvent[] = []
  const client = createClient(
    { name: 'standard', tokenEndpoint, api: apiUrl, ...provider },
    { credentials, onEvent: (event) => events.push(event), ...options },
  )
  return {
    emulator,
    client,
    events,
    /** How often each part was asked. */
    count: (part: 'token' | 'api') => emulator.requests.filter((request) => request.part === part).length,
    [Symbol.asyncDispose]: () => emulator.close(),
  }
}

describe('authenticated fetch', () => {
  it('H4: puts the token on, and the request fails where none can be had', async () => {
    await using bench = await start()
    const { client, emulator } = bench
    const answer = await (await client.fetch(`${emulator.apiUrl}/things?x=1`)).json()
    expect(answer).toMatchObject({ path: '/api/things', query: 'x=1', authorized: true })

    emulator.faults.set('token', { name: 'error', status: 500 })
    emulator.clearRequests()
    await client.forget()
    await expect(client.fetch(`${emulator.apiUrl}/things`)).rejects.toMatchObject({ code: 'endpoint_unavailable' })
    expect(bench.count('api')).toBe(0)
  })

  it('H1: another origin is refused before any token is asked for', async () => {
    await using bench = await start()
    const { client, emulator, events } = bench
    for (const url of [emulator.elsewhereUrl, 'https://api.evil.test/x', 'http://api.evil.test/x']) {
      await expect(client.fetch(url)).rejects.toMatchObject({ code: 'origin_refused' })
    }
    expect(emulator.requests).toHaveLength(0)
    expect(events.map((event) => event.type)).toEqual(['origin.refused', 'origin.refused', 'origin.refused'])
  })

  it('H1: apiOrigins lets other origins see the token', async () => {
    const elsewhere = await startEmulator(standardEmulation())
    await using bench = await start({}, { apiOrigins: [new URL(elsewhere.elsewhereUrl).origin] })
    const answer = await (await bench.client.fetch(elsewhere.elsewhereUrl)).json()
    expect(answer).toMatchObject({ authorized: true })
    await elsewhere.close()
  })

  it('H1: without an API and without apiOrigins a token goes nowhere', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const client = createClient({ name: 'bare', tokenEndpoint }, { credentials })
    await expect(client.fetch(emulator.apiUrl)).rejects.toMatchObject({ code: 'origin_refused' })
    await expect(client.api()).rejects.toThrow(/names no API/)
  })

  it('H2: a redirect to another origin arrives there without the token', async () => {
    await using bench = await start()
    const answer = await (await bench.client.fetch(bench.emulator.redirectUrl)).json()
    expect(answer).toMatchObject({ path: '/api/redirected', authorized: false })
  })

  it('H3: a 401 costs one other token and one repeat', async () => {
    await using bench = await start()
    const { client, emulator, events } = bench
    await client.token()
    emulator.faults.set('api', { name: 'revoked' })
    const response = await client.fetch(`${emulator.apiUrl}/x`, { method: 'PUT', body: 'once more' })
    expect(await response.json()).toMatchObject({ method: 'PUT', body: 'once more', authorized: true })
    expect(bench.count('api')).toBe(2)
    expect(bench.count('token')).toBe(2)
    expect(events.map(({ type }) => type)).toEqual(['token.granted', 'token.granted', 'request.repeated'])
  })

  it('H3: ten parallel 401s cost one grant', async () => {
    await using bench = await start()
    await bench.client.token()
    bench.emulator.faults.set('api', { name: 'revoked' })
    const calls = Array.from({ length: 10 }, () => bench.client.fetch(`${bench.emulator.apiUrl}/x`))
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(bench.count('token')).toBe(2)
  })

  it('H3: a second 401 is returned as it is', async () => {
    await using bench = await start()
    bench.emulator.faults.set('api', { name: 'answer', answer: { status: 401, body: 'never' } })
    const response = await bench.client.fetch(`${bench.emulator.apiUrl}/x`)
    expect(response.status).toBe(401)
    expect(await response.text()).toBe('never')
    expect(bench.count('api')).toBe(2)
  })

  it('H3: a 403 is never repeated', async () => {
    await using bench = await start()
    bench.emulator.faults.set('api', { name: 'answer', answer: { status: 403, body: 'no' } })
    expect((await bench.client.fetch(`${bench.emulator.apiUrl}/x`)).status).toBe(403)
    expect(bench.count('api')).toBe(1)
    expect(bench.count('token')).toBe(1)
  })

  it.each([
    ['a web stream', () => new Blob(['streamed']).stream()],
    ['a Node stream', () => Readable.from(['streamed'])],
  ])('H3: %s is not replayed, and the 401 is returned', async (_what, body) => {
    await using bench = await start()
    await bench.client.token()
    bench.emulator.faults.set('api', { name: 'revoked' })
    const init = { method: 'POST', body: body(), duplex: 'half' }
    const response = await bench.client.fetch(`${bench.emulator.apiUrl}/x`, init as RequestInit)
    expect(response.status).toBe(401)
    expect(bench.count('api')).toBe(1)
  })

  it.each([
    ['a string', () => 'body'],
    ['bytes', () => new TextEncoder().encode('body')],
    ['a Blob', () => new Blob(['body'])],
    ['a form', () => new URLSearchParams({ body: '' })],
  ])('H3: %s is sent again', async (_what, body) => {
    await using bench = await start()
    await bench.client.token()
    bench.emulator.faults.set('api', { name: 'revoked' })
    const response = await bench.client.fetch(`${bench.emulator.apiUrl}/x`, { method: 'POST', body: body() })
    const answer = (await response.json()) as { readonly body: string }
    expect(answer.body).toContain('body')
    expect(bench.count('api')).toBe(2)
  })

  it("H3: a Request's body is sent again", async () => {
    await using bench = await start()
    await bench.client.token()
    bench.emulator.faults.set('api', { name: 'revoked' })
    const request = new Request(`${bench.emulator.apiUrl}/x`, {
      method: 'POST',
      body: 'body',
      headers: { 'x-own': '1' },
    })
    const answer = await (await bench.client.fetch(request)).json()
    expect(answer).toMatchObject({ body: 'body', headers: { 'x-own': '1' }, authorized: true })
    expect(bench.count('api')).toBe(2)
  })

  it("H6: the caller's init, headers and Request are never written to", async () => {
    await using bench = await start()
    const { client, emulator } = bench
    const headers = new Headers({ 'x-own': '1' })
    const init = Object.freeze({ headers, method: 'POST', body: 'b' })
    await client.fetch(`${emulator.apiUrl}/x`, init)
    expect([...headers]).toEqual([['x-own', '1']])
    const request = new Request(`${emulator.apiUrl}/x`, { headers })
    await client.fetch(request)
    expect(request.headers.has('authorization')).toBe(false)
    expect(emulator.requests.filter(({ part }) => part === 'api').map((sent) => sent.headers.get('x-own'))).toEqual([
      '1',
      '1',
    ])
  })

  it("H6: a caller's own Authorization wins and is left alone", async () => {
    await using bench = await start()
    const { client, emulator } = bench
    const response = await client.fetch(`${emulator.apiUrl}/x`, { headers: { Authorization: 'Bearer mine' } })
    expect(response.status).toBe(401)
    expect(emulator.requests.map(({ part, headers }) => [part, headers.get('authorization')])).toEqual([
      ['api', 'Bearer mine'],
    ])
  })

  it('uses what the provider says about putting the token on', async () => {
    await using bench = await start(
      {},
      { authorizeRequest: (headers, token) => headers.set('x-api-token', `t ${token.value}`) },
    )
    await bench.client.fetch(`${bench.emulator.apiUrl}/x`)
    const sent = bench.emulator.requests.at(-1)
    expect(sent?.headers.get('x-api-token')).toMatch(/^t ey/)
  })

  it('ends with the signal of the caller, whatever it waits for', async () => {
    await using bench = await start()
    bench.emulator.faults.set('token', { name: 'hang' })
    const controller = new AbortController()
    const call = bench.client.fetch(`${bench.emulator.apiUrl}/x`, { signal: controller.signal })
    await bench.emulator.waitForRequest()
    controller.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
  })
})
