import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClock } from '@nightlatch/testing'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Client, createClient, type Provider } from '../../src/index.ts'
import { passRetryDelay, stopTimers } from '../virtual-time.ts'

/** An API's answer to a token by its number, from 1. */
type Judge = (token: number, path: string) => number

/** @param answer `undefined`: none comes */
async function listen(
  answer: (request: IncomingMessage) => { status: number; body?: unknown } | undefined,
): Promise<string> {
  const server: Server = createServer((request, response) => {
    request.resume().on('end', () => {
      const answered = answer(request)
      if (answered === undefined) return
      const { status, body = {} } = answered
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An authorization server that can be down, two APIs, and a client by a clock of its own. */
async function start(judges: { api?: Judge; other?: Judge } = {}, provider: Partial<Provider> = {}) {
  const clock = createClock()
  const state = { grants: 0, isDown: false, isHanging: false, ...judges }
  const api = await listen(({ url = '', headers }) => {
    if (url === '/token') {
      if (state.isHanging) return undefined
      if (state.isDown) return { status: 503 }
      state.grants += 1
      return { status: 200, body: { access_token: `token-${state.grants}`, expires_in: 3600 } }
    }
    return { status: state.api?.(numberOf(headers.authorization), url) ?? 200 }
  })
  const other = await listen(({ url = '', headers }) => ({
    status: state.other?.(numberOf(headers.authorization), url) ?? 200,
  }))
  const client = createClient(
    { name: 'acme', tokenEndpoint: `${api}/token`, api: `${api}/v2`, apiOrigins: [other], ...provider },
    {
      credentials: { clientId: 'robot', clientSecret: 'secret' },
      now: clock.now,
      onEvent: passRetryDelay,
    },
  )
  return { client, clock, state, api: `${api}/v2`, other: `${other}/v2` }
}

const numberOf = (authorization: string | undefined): number => Number(authorization?.replace('Bearer token-', ''))

/** As an HTTP client without `fetch` does. */
async function sendBy(client: Client, url: string): Promise<number> {
  let authorization = await client.authorize(url)
  let status = 0
  while (authorization !== undefined) {
    const response = await fetch(url, { headers: authorization.headers })
    await response.text()
    status = response.status
    authorization = await authorization.handleResponse({ status, headers: response.headers })
  }
  return status
}

type Send = (client: Client, url: string) => Promise<number>

const sendStream: Send = async (client, url) => {
  const init = { method: 'POST', body: new Blob(['streamed']).stream(), duplex: 'half' }
  return (await client.fetch(url, init as RequestInit)).status
}

const ways: readonly (readonly [string, Send])[] = [
  ['fetch', async (client, url) => (await client.fetch(url)).status],
  ['fetch with a stream', sendStream],
  ['api', async (client, url) => (await (await client.api()).get(url, { throwHttpErrors: false })).status],
  ['authorize', sendBy],
  ['a view', async (client, url) => (await client.with({ scopes: ['other'] }).fetch(url)).status],
]

describe('an API that rejects new tokens, too', () => {
  it.each(ways)(
    'L5: costs about eight grants for forty calls in a row, and gets its own answers: %s',
    async (_way, send) => {
      const { client, state, api } = await start({ api: () => 401 })
      const seen: number[] = []
      for (let call = 0; call < 40; call += 1) seen.push(await send(client, `${api}/x`))
      expect(new Set(seen)).toEqual(new Set([401]))
      expect(state.grants).toBe(8)
    },
  )

  it.each(ways)('L5: heals as soon as a token is accepted: %s', async (_way, send) => {
    const { client, state, api } = await start({ api: () => 401 })
    for (let call = 0; call < 20; call += 1) await send(client, `${api}/x`)
    const { grants } = state
    // The token is accepted after all; then it is revoked.
    state.api = () => 200
    expect(await send(client, `${api}/x`)).toBe(200)
    expect(state.grants).toBe(grants)
    state.api = (token) => (token <= grants ? 401 : 200)
    await send(client, `${api}/x`)
    expect(await send(client, `${api}/x`)).toBe(200)
    expect(state.grants).toBe(grants + 1)
  })

  it('L5: does not slow down another one, nor a revocation there', async () => {
    const { client, state, api, other } = await start({ api: () => 401 })
    for (let call = 0; call < 40; call += 1) await client.fetch(`${api}/x`)
    const { grants } = state
    state.other = (token) => (token <= grants ? 401 : 200)
    expect((await client.fetch(`${other}/x`)).status).toBe(200)
    expect(state.grants).toBe(grants + 1)
  })

  it('L5: may be one URL of an origin, between calls of others', async () => {
    const { client, state, api } = await start({ api: (_token, path) => (path === '/v2/billing' ? 401 : 200) })
    for (let call = 0; call < 40; call += 1) {
      expect((await client.fetch(`${api}/orders`)).status).toBe(200)
      expect((await client.fetch(`${api}/billing`)).status).toBe(401)
    }
    expect(state.grants).toBe(8)
  })

  it('L5: gets another token after a while, for what is wrong may be put right there', async () => {
    const { client, clock, state, api } = await start({ api: () => 401 })
    for (let call = 0; call < 40; call += 1) await client.fetch(`${api}/x`)
    const { grants } = state
    state.api = (token) => (token <= grants ? 401 : 200)
    expect((await client.fetch(`${api}/x`)).status).toBe(401)
    clock.advance(600)
    expect((await client.fetch(`${api}/x`)).status).toBe(200)
  })

  it('L5: a token that came meanwhile is used at once, and a server error says nothing of the token', async () => {
    const { client, clock, state, api } = await start({ api: () => 401 })
    for (let call = 0; call < 34; call += 1) await client.fetch(`${api}/x`)
    state.api = () => 503
    expect((await client.fetch(`${api}/x`)).status).toBe(503)
    const { grants } = state
    state.api = () => 401
    expect((await client.fetch(`${api}/x`)).status).toBe(401)
    expect(state.grants).toBe(grants)
    // The token expires, and the API accepts its successor.
    clock.advance(3600)
    state.api = (token) => (token <= grants ? 401 : 200)
    expect((await client.fetch(`${api}/x`)).status).toBe(200)
    expect(state.grants).toBe(grants + 1)
  })
})

describe('one 401, while the token endpoint is down', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it.each(ways)('L5: does not cost the other URLs their token: %s', async (_way, send) => {
    stopTimers()
    const { client, state, api, other } = await start({ api: (_token, path) => (path === '/v2/billing' ? 401 : 200) })
    expect(await send(client, `${api}/orders`)).toBe(200)
    state.isDown = true
    await send(client, `${api}/billing`).catch((failure: unknown) => {
      expect(failure).toMatchObject({ code: 'endpoint_unavailable' })
    })
    expect(await send(client, `${api}/orders`)).toBe(200)
    expect(await send(client, `${other}/orders`)).toBe(200)
    expect(state.grants).toBe(1)
  })

  it('L5: requests wait two seconds for the replacement of a token that a stream found rejected, and no longer', async () => {
    stopTimers()
    const { client, state, api } = await start({ api: (_token, path) => (path === '/v2/billing' ? 401 : 200) })
    await client.token()
    state.isHanging = true
    expect(await sendStream(client, `${api}/billing`)).toBe(401)
    // Who gives up sooner fails by its own doing, and the others have waited meanwhile.
    const controller = new AbortController()
    const reason = new Error('enough')
    const impatient = client.fetch(`${api}/orders`, { signal: controller.signal })
    await vi.advanceTimersByTimeAsync(1500)
    controller.abort(reason)
    await expect(impatient).rejects.toBe(reason)
    const patient = client.fetch(`${api}/orders`)
    await vi.advanceTimersByTimeAsync(500)
    expect((await patient).status).toBe(200)
    expect((await client.fetch(`${api}/orders`)).status).toBe(200)
    expect(state.grants).toBe(1)
  })

  it('H4: the call whose token was rejected fails with the reason; once the server is back it gets another token', async () => {
    stopTimers()
    const { client, state, api } = await start()
    const first = await client.token()
    state.isDown = true
    state.api = (token) => (token === 1 ? 401 : 200)
    await expect(client.fetch(`${api}/x`)).rejects.toMatchObject({ code: 'endpoint_unavailable' })
    await expect(client.token({ rejected: first })).rejects.toMatchObject({ code: 'endpoint_unavailable' })
    expect(await client.token()).toBe(first)
    state.isDown = false
    expect((await client.fetch(`${api}/x`)).status).toBe(200)
    expect((await client.token()).value).toBe('token-2')
  })
})
