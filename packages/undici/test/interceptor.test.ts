import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import { type Client as NightlatchClient, NightlatchError } from '@nightlatch/core'
import {
  Agent,
  BalancedPool,
  Client,
  cacheStores,
  type Dispatcher,
  EnvHttpProxyAgent,
  FormData,
  interceptors,
  MockAgent,
  Pool,
  ProxyAgent,
  RetryAgent,
  request,
  fetch as undiciFetch,
} from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type NightlatchInterceptorOptions, nightlatchInterceptor } from '../src/index.ts'
import { clientOf, type Loopback, redirect, sendJson, startLoopback } from './loopback.ts'

type Bench = Awaited<ReturnType<typeof start>>

/** Two origins, a client of the first, and an Agent with the interceptor. */
async function start(
  provider: Parameters<typeof clientOf>[1] = {},
  options: NightlatchInterceptorOptions = {},
  agentOptions: Agent.Options = {},
) {
  const home = await startLoopback()
  const away = await startLoopback()
  const { client, events } = clientOf(home, provider)
  const agent = new Agent(agentOptions).compose(nightlatchInterceptor(client, options))
  onTestFinished(async () => {
    await agent.destroy()
    await home.close()
    await away.close()
  })
  const url = `${home.origin}/api/x`
  const ask = (given: Partial<Parameters<typeof request>[1]> = {}, at = url) =>
    request(at, { dispatcher: agent, ...given } as never)
  return { home, away, client, events, agent, url, ask }
}

/** Another dispatcher with the interceptor of the bench's client. */
function compose({ client }: Bench, dispatcher: Dispatcher, options: NightlatchInterceptorOptions = {}): Dispatcher {
  onTestFinished(() => dispatcher.destroy())
  return dispatcher.compose(nightlatchInterceptor(client, options))
}

const authorizationsOf = ({ requests }: Loopback): unknown[] => requests.map(({ headers }) => headers.authorization)

/** Every call a dispatcher makes of a handler, by name. */
function record(): {
  readonly handler: Dispatcher.DispatchHandler
  readonly calls: string[]
  readonly over: Promise<void>
} {
  const calls: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: () => void calls.push('start'),
    onResponseStart: (_controller, status) => void calls.push(`response ${status}`),
    onResponseData: () => void calls.push('data'),
    onResponseEnd: () => {
      calls.push('end')
      resolve()
    },
    onResponseError: (_controller, error) => {
      calls.push(`error ${(error as NightlatchError).code ?? error.name}`)
      resolve()
    },
  }
  return { handler, calls, over: promise }
}

describe('a request', () => {
  it('carries the token, with any kind of dispatcher', async () => {
    const bench = await start()
    const { home } = bench
    const dispatchers = [
      new Agent(),
      new Pool(home.origin),
      new Client(home.origin),
      new EnvHttpProxyAgent(),
      new RetryAgent(new Agent()),
    ]
    for (const dispatcher of dispatchers) {
      const { body } = await request(bench.url, { dispatcher: compose(bench, dispatcher), query: { y: '1' } })
      expect(await body.json()).toMatchObject({ path: '/api/x', token: 'token-1' })
    }
    expect(home.requests.map(({ target }) => target)).toEqual(dispatchers.map(() => '/api/x?y=1'))
  })

  it('requires no origin on a Client or a Pool', async () => {
    const bench = await start()
    for (const dispatcher of [new Client(bench.home.origin), new Pool(bench.home.origin)]) {
      const { body } = await compose(bench, dispatcher).request({ path: '/api/x', method: 'GET' } as never)
      expect(await body.json()).toMatchObject({ token: 'token-1' })
    }
  })

  it('carries the token with request, fetch, stream and pipeline', async () => {
    const { agent, home, url, ask } = await start()
    const origin = home.origin
    expect(await (await ask()).body.json()).toMatchObject({ token: 'token-1' })
    const fetched = await undiciFetch(url, { dispatcher: agent, method: 'POST', body: 'a' })
    expect(await fetched.json()).toMatchObject({ token: 'token-1', body: 'a' })
    const { promise, resolve } = Promise.withResolvers<Readable>()
    const { PassThrough } = await import('node:stream')
    await agent.stream({ origin, path: '/api/x', method: 'GET' }, () => {
      const through = new PassThrough()
      resolve(through)
      return through
    })
    expect(JSON.parse(await text(await promise))).toMatchObject({ token: 'token-1' })
    const pipeline = agent.pipeline({ origin, path: '/api/x', method: 'PUT' }, ({ body }) => body)
    pipeline.end('piped')
    expect(JSON.parse(await text(pipeline))).toMatchObject({ token: 'token-1', body: 'piped' })
  })

  it('works through a proxy, with and without a tunnel', async () => {
    const bench = await start()
    const { createServer } = await import('node:http')
    const { connect } = await import('node:net')
    const seen: string[] = []
    const proxy = createServer(async (incoming, response) => {
      seen.push(`${incoming.method} ${incoming.url} ${incoming.headers.authorization}`)
      const answer = await fetch(incoming.url ?? '', {
        headers: { authorization: `${incoming.headers.authorization}` },
      })
      response.writeHead(answer.status).end(await answer.text())
    })
    proxy.on('connect', (incoming, socket) => {
      seen.push(`CONNECT ${incoming.headers.authorization}`)
      const [host, port] = (incoming.url ?? '').split(':')
      const to = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        to.pipe(socket)
        socket.pipe(to)
      })
      for (const end of [to, socket]) end.on('error', () => {})
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      proxy.closeAllConnections()
      proxy.close()
    })
    const uri = `http://127.0.0.1:${(proxy.address() as { port: number }).port}`
    for (const proxyTunnel of [true, false]) {
      const { body } = await request(bench.url, { dispatcher: compose(bench, new ProxyAgent({ uri, proxyTunnel })) })
      expect(await body.json()).toMatchObject({ token: 'token-1' })
    }
    expect(seen).toEqual(['CONNECT undefined', `GET ${bench.url} Bearer token-1`])
  })

  it('reaches a MockAgent with the token', async () => {
    const { client } = await start()
    const mock = new MockAgent()
    mock.disableNetConnect()
    const { origin } = new URL(`${client.provider.api}`)
    mock
      .get(origin)
      .intercept({ path: '/api/x', headers: { authorization: 'Bearer token-1' } })
      .reply(200, 'mocked')
    const dispatcher = mock.compose(nightlatchInterceptor(client))
    const { body } = await request(`${origin}/api/x`, { dispatcher })
    expect(await body.text()).toBe('mocked')
    await mock.close()
  })

  it('H6: with its own authorization is sent unchanged, in every form of headers', async () => {
    const { home, away, ask } = await start()
    const forms = [
      { Authorization: 'own' },
      { AUTHORIZATION: 'own' },
      ['x-y', 'z', 'Authorization', 'own'],
      new Map([['authorization', 'own']]),
      new Headers({ authorization: 'own' }),
      [
        ['x-y', 'z'],
        ['aUthorization', 'own'],
      ],
      (function* () {
        yield ['authorization', 'own']
      })(),
    ]
    for (const headers of forms) await (await ask({ headers } as never)).body.dump()
    await (await ask({ headers: { authorization: 'own' } }, `${away.origin}/`)).body.dump()
    expect(authorizationsOf(home)).toEqual(forms.map(() => 'own'))
    expect(authorizationsOf(away)).toEqual(['own'])
    expect(home.grants).toHaveLength(0)
  })

  it('H6: keeps its headers in every form, and the caller’s objects are not modified', async () => {
    const { home, agent } = await start({ authorizeRequest: (headers, { value }) => headers.set('X-Api-Token', value) })
    const forms = [
      { accept: 'a/b', 'X-API-Token': 'own' },
      ['accept', 'a/b', 'X-API-Token', 'own'],
      new Map([
        ['accept', 'a/b'],
        ['X-API-Token', 'own'],
      ]),
      (function* () {
        yield ['accept', 'a/b']
      })(),
    ]
    for (const headers of forms) {
      const frozen = headers instanceof Map || Symbol.iterator in headers ? headers : Object.freeze(headers)
      const opts = Object.freeze({ origin: home.origin, path: '/api/x', method: 'GET', headers: frozen, body: null })
      const { handler, over } = record()
      agent.dispatch(opts as never, handler)
      await over
    }
    for (const { headers } of home.requests) expect(headers).toMatchObject({ accept: 'a/b', 'x-api-token': 'token-1' })
    expect(forms[0]).toEqual({ accept: 'a/b', 'X-API-Token': 'own' })
    expect(home.requests).toHaveLength(forms.length)
  })

  it('H4: does not count as authorized because of a header that undici does not send', async () => {
    const { home, ask } = await start()
    await (await ask({ headers: Object.create({ authorization: 'inherited' }) })).body.dump()
    await (await ask({ headers: { Authorization: undefined } as never })).body.dump()
    await (await ask({ headers: ['authorization', undefined] as never })).body.dump()
    expect(authorizationsOf(home)).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-1'])
  })

  it('is sent as it was dispatched, even if the caller changes its options later', async () => {
    const { home, away, agent } = await start()
    const headers: Record<string, string> = { 'x-n': '1' }
    const origin = new URL(home.origin)
    const opts = { origin, path: '/api/first', method: 'GET', headers }
    const { handler, over } = record()
    agent.dispatch(opts, handler)
    origin.port = new URL(away.origin).port
    Object.assign(opts, { origin: away.origin, path: '/api/second' })
    headers['x-n'] = '2'
    await over
    expect(home.requests).toMatchObject([{ target: '/api/first', headers: { 'x-n': '1' } }])
    expect(away.requests).toEqual([])
  })
})

describe('where a token may go', () => {
  it('H1: another origin is rejected before any token request', async () => {
    const { home, away, ask, events } = await start()
    for (const at of [away.origin, 'http://api.evil.test/x', home.origin.replace('//127.0.0.1', '//localhost')]) {
      await expect(ask({}, at)).rejects.toMatchObject({ code: 'origin_refused' })
    }
    expect([...home.grants, ...home.requests, ...away.requests]).toEqual([])
    expect(events.map(({ type }) => type)).toEqual(['origin.refused', 'origin.refused', 'origin.refused'])
  })

  it('H1: the origin of the Client or Pool counts, not the origin in the request', async () => {
    const bench = await start()
    const { home, away } = bench
    for (const dispatcher of [new Client(away.origin), new Pool(away.origin)]) {
      const composed = compose(bench, dispatcher)
      await expect(composed.request({ path: '/', method: 'GET' } as never)).rejects.toMatchObject({
        code: 'origin_refused',
      })
      await expect(composed.request({ origin: home.origin, path: '/', method: 'GET' })).rejects.toMatchObject({
        code: 'origin_refused',
      })
    }
    const atHome = compose(bench, new Client(home.origin))
    await expect(atHome.request({ origin: away.origin, path: '/', method: 'GET' })).rejects.toMatchObject({
      code: 'origin_refused',
    })
    expect([...home.requests, ...away.requests]).toEqual([])
    const passing = compose(bench, new Client(away.origin), { foreignOrigins: 'passThrough' })
    await (await passing.request({ origin: home.origin, path: '/', method: 'GET' })).body.dump()
    expect(authorizationsOf(away)).toEqual([undefined])
    expect(home.grants).toEqual([])
  })

  it('H1: a path that is an absolute URL must have the same origin', async () => {
    const { home, away, agent } = await start()
    const { origin } = home
    const refused = agent.request({ origin, path: `${away.origin}/x`, method: 'GET' })
    await expect(refused).rejects.toMatchObject({ code: 'origin_refused' })
    await (await agent.request({ origin, path: `${origin}/api/x`, method: 'GET' })).body.dump()
    expect(home.requests).toMatchObject([{ target: `${origin}/api/x`, headers: { authorization: 'Bearer token-1' } }])
    // An API that is a proxy of its own sees no token meant for the URL that it is asked for.
    const proxied = agent.request({ origin: away.origin, path: `${origin}/api/x`, method: 'GET' })
    await expect(proxied).rejects.toMatchObject({ code: 'origin_refused' })
    expect(away.requests).toEqual([])
  })

  it('H1: a dispatcher with several origins is rejected', async () => {
    const { client, home, away } = await start()
    const pool = new BalancedPool([home.origin, away.origin])
    expect(() => pool.compose(nightlatchInterceptor(client))).toThrow(
      expect.objectContaining({ code: 'invalid_options', message: expect.stringMatching(/Agent, a Pool or a Client/) }),
    )
    await pool.close()
  })

  it('H4: a request without an origin is rejected', async () => {
    const { agent } = await start()
    const { handler, calls, over } = record()
    agent.dispatch({ path: '/api/x', method: 'GET' }, handler)
    await over
    expect(calls).toEqual(['error origin_refused'])
  })

  it('passes requests to foreign origins through if foreignOrigins is passThrough', async () => {
    const { home, away, ask, events } = await start({}, { foreignOrigins: 'passThrough' })
    const elsewhere = await ask({ method: 'POST', body: 'a', headers: { 'x-y': 'z' } }, `${away.origin}/x`)
    expect(await elsewhere.body.json()).toMatchObject({ token: null, body: 'a' })
    expect(away.requests[0]?.headers['x-y']).toBe('z')
    expect(home.grants).toEqual([])
    expect(await (await ask()).body.json()).toMatchObject({ token: 'token-1' })
    expect(events.map(({ type }) => type)).not.toContain('origin.refused')
  })
})

describe('a rejected token', () => {
  it('H3: costs one other token and one repeat', async () => {
    const { home, ask, events } = await start()
    await (await ask()).body.dump()
    home.revoked.add('token-1')
    const { statusCode, body } = await ask()
    expect([statusCode, await body.json()]).toEqual([200, expect.objectContaining({ token: 'token-2' })])
    expect(authorizationsOf(home)).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2'])
    expect(events.filter(({ type }) => type === 'request.repeated')).toHaveLength(1)
  })

  it('H3: a second rejection is returned to the caller', async () => {
    const { home, ask } = await start()
    home.revoked.add('token-1').add('token-2')
    const { statusCode, body } = await ask()
    expect([statusCode, await body.json()]).toEqual([401, { error: 'revoked', path: '/api/x' }])
    expect(home.requests).toHaveLength(2)
  })

  it('H3: the same token is not sent twice: the response is final, with body and headers', async () => {
    const { home, agent, client } = await start()
    home.answers.set('/token', (_request, response) =>
      sendJson(response, 200, { access_token: 'token-1', token_type: 'Bearer', expires_in: 3600 }),
    )
    await client.token()
    home.answers.set('/api/x', (_request, response) => sendJson(response, 401, { a: 'b' }, { 'x-kept': 'yes' }))
    const response = await undiciFetch(`${home.origin}/api/x`, { dispatcher: agent })
    expect([response.status, response.headers.get('x-kept'), await response.json()]).toEqual([401, 'yes', { a: 'b' }])
    const { handler, calls, over } = record()
    agent.dispatch({ origin: home.origin, path: '/api/x', method: 'GET' }, handler)
    await over
    expect(calls).toEqual(['start', 'response 401', 'data', 'end'])
  })

  it('H3: 403 is never repeated', async () => {
    const { home, ask } = await start()
    home.answers.set('/api/x', (_request, response) => sendJson(response, 403, {}))
    expect((await ask()).statusCode).toBe(403)
    expect(home.requests).toHaveLength(1)
  })

  it.each([
    ['another status', { statuses: [401, 403] }, 403, { error: 'no' }, {}],
    ['a code in a body', { body: (body: unknown) => (body as { code: number }).code === 601 }, 200, { code: 601 }, {}],
    [
      'a code in a compressed body',
      { body: (body: unknown) => (body as { code: number }).code === 601 },
      200,
      { code: 601 },
      { 'content-encoding': 'gzip' },
    ],
  ])('H3: is %s where the provider says so', async (_what, tokenRejection, status, body, headers) => {
    const { home, ask, events } = await start({ tokenRejection })
    home.answers.set('/api/x', ({ headers: { authorization }, body: sent }, response) => {
      if (authorization !== 'Bearer token-1') return sendJson(response, 200, { sent })
      const text = Buffer.from(JSON.stringify(body))
      ;(response as ServerResponse)
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end('content-encoding' in headers ? gzipSync(text) : text)
    })
    const answer = await ask({ method: 'POST', body: 'b' })
    expect([answer.statusCode, await answer.body.json()]).toEqual([200, { sent: 'b' }])
    expect(authorizationsOf(home)).toEqual(['Bearer token-1', 'Bearer token-2'])
    expect(events.filter(({ type }) => type === 'request.repeated')).toMatchObject([{ status }])
  })

  it('H3: a body inspected for a rejection reaches the caller complete: long, short, broken or not JSON', async () => {
    const judged: unknown[] = []
    const { home, ask } = await start({ tokenRejection: { body: (body) => judged.push(body) === 0 } })
    const long = JSON.stringify(['x'.repeat(70_000)])
    const bodies: readonly (readonly [string, string])[] = [
      ['{"a":1}', 'application/json'],
      ['[]', 'text/plain; charset=utf-8'],
      ['', 'application/json'],
      ['text', 'text/plain'],
      [long, 'application/json'],
      ['{"a":1}', 'text/event-stream'],
    ]
    for (const [body, type] of bodies) {
      home.answers.set(
        '/api/x',
        (_request, response) => void (response as ServerResponse).writeHead(200, { 'content-type': type }).end(body),
      )
      expect(await (await ask()).body.text()).toBe(body)
    }
    expect(judged).toEqual([{ a: 1 }, []])
    home.answers.set('/api/x', (_request, response) => {
      ;(response as ServerResponse).writeHead(200, { 'content-type': 'application/json', 'content-length': '20' })
      ;(response as ServerResponse).write('{"a":', () => response.destroy())
    })
    const broken = await ask()
    expect(broken.statusCode).toBe(200)
    await expect(broken.body.text()).rejects.toThrow('other side closed')
  })

  it('H3: bodies that can be sent again are repeated', async () => {
    const { home, ask } = await start()
    const form = new FormData()
    form.set('a', 'b')
    const bodies = ['text', Buffer.from('text'), new TextEncoder().encode('text'), form, new Blob(['text'])]
    for (const [index, body] of bodies.entries()) {
      home.revoked.add(`token-${index + 1}`)
      const answer = await ask({ method: 'POST', body } as never)
      const { body: sent, token } = (await answer.body.json()) as { body: string; token: string }
      expect([sent, token]).toEqual([expect.stringMatching(index === 3 ? /name="a"/ : /^text$/), `token-${index + 2}`])
    }
  })

  it('H3: streams and iterables are not repeated, and the 401 is returned unchanged', async () => {
    const { home, ask, url, agent } = await start()
    const bodies = [
      () => Readable.from(['text']),
      () => ['te', 'xt'].values(),
      async function* () {
        yield 'text'
      },
    ]
    for (const [index, body] of bodies.entries()) {
      home.revoked.add(`token-${index + 1}`)
      const { statusCode, body: answer } = await ask({ method: 'POST', body: body() } as never)
      expect([statusCode, await answer.json()]).toEqual([401, { error: 'revoked', path: '/api/x' }])
      await (await ask()).body.dump()
    }
    home.revoked.add('token-4')
    expect((await undiciFetch(url, { dispatcher: agent, method: 'POST', body: 'text' })).status).toBe(401)
    const sent = home.requests.filter(({ method }) => method === 'POST')
    expect(sent.map(({ body }) => body)).toEqual(['text', 'text', 'text', 'text'])
  })

  it.each([
    [
      'request',
      (url: string, dispatcher: Dispatcher) => request(url, { dispatcher, method: 'POST', body: Readable.from(['b']) }),
    ],
    ['fetch', (url: string, dispatcher: Dispatcher) => undiciFetch(url, { dispatcher, method: 'POST', body: 'b' })],
  ])('H3: of a stream is handed on by %s, and the next request goes out with another token', async (_what, send) => {
    const { home, agent, url } = await start()
    const statuses: number[] = []
    for (let call = 0; call < 5; call += 1) {
      const response = await send(url, agent)
      statuses.push('statusCode' in response ? response.statusCode : response.status)
      if (call === 0) home.revoked.add('token-1')
    }
    expect(statuses).toEqual([200, 401, 200, 200, 200])
    expect(home.grants).toHaveLength(2)
  })

  it.each([
    ['request', {}],
    ['request with a stream', { method: 'POST' }],
  ])(
    'L5: an API that rejects new tokens, too, costs about eight grants for forty calls in a row, and heals: %s',
    async (_way, init) => {
      const { home, ask } = await start()
      const send = async (): Promise<number> => {
        const { statusCode, body } = await ask('method' in init ? { ...init, body: Readable.from(['streamed']) } : init)
        await body.dump()
        return statusCode
      }
      home.answers.set('/api/x', (_request, response) => sendJson(response, 401, {}))
      for (let call = 0; call < 40; call += 1) expect(await send()).toBe(401)
      expect(home.grants).toHaveLength(8)
      home.answers.delete('/api/x')
      expect(await send()).toBe(200)
      // A token was accepted, so that the next rejection is one of a token that worked.
      home.revoked.add('token-8')
      await send()
      expect(await send()).toBe(200)
      expect(home.grants).toHaveLength(9)
    },
  )

  it('L5: one 401 while the token endpoint is down leaves the token to the other URLs', async () => {
    const { home, url, ask } = await start()
    expect((await ask()).statusCode).toBe(200)
    home.answers.set('/token', (_request, response) => sendJson(response, 400, { error: 'invalid_scope' }))
    home.answers.set('/api/billing', (_request, response) => sendJson(response, 401, {}))
    await expect(ask({}, url.replace('/x', '/billing'))).rejects.toMatchObject({ code: 'grant_refused' })
    expect((await ask()).statusCode).toBe(200)
    expect(home.grants).toHaveLength(2)
  })

  it('H3: leaves its connection usable, also for the token request', async () => {
    const { home, url } = await start()
    // One connection for everything: the API and the token endpoint are one origin.
    const { client } = clientOf(
      home,
      {},
      {
        fetch: ((input, init) => undiciFetch(input as never, { ...init, dispatcher: single } as never)) as typeof fetch,
      },
    )
    const single: Dispatcher = new Agent({ connections: 1 }).compose(nightlatchInterceptor(client))
    onTestFinished(() => single.destroy())
    home.revoked.add('token-1')
    const { body } = await request(url, { dispatcher: single })
    expect(await body.json()).toMatchObject({ token: 'token-2' })
    expect(new Set([...home.requests, ...home.grants].map(({ connection }) => connection)).size).toBe(1)
  })

  it('H3: a response that does not end is aborted', async () => {
    const { home, ask } = await start({}, {}, { connections: 1 })
    home.answers.set('/api/x', ({ headers }, response) => {
      if (headers.authorization === 'Bearer token-2') return sendJson(response, 200, { well: true })
      ;(response as import('node:http').ServerResponse).writeHead(401).write('and so on')
    })
    const { body } = await ask()
    expect(await body.json()).toEqual({ well: true })
  })

  it.each([100, 300_000])('H3: a response of %i bytes is delivered complete, or drained', async (length) => {
    const { home, agent, url } = await start()
    const long = 'x'.repeat(length)
    home.answers.set('/api/x', (_request, response) => sendJson(response, 401, long))
    // A second 401 stands: it is kept as far as it came, and the rest follows.
    const { statusCode, body } = await request(url, { dispatcher: agent })
    expect(statusCode).toBe(401)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await body.json()).toBe(long)
    expect(home.requests).toHaveLength(2)
  })

  it('H4: fails the request if no other token is available', async () => {
    const { home, agent } = await start()
    home.revoked.add('token-1')
    home.answers.set('/token', (_request, response) =>
      home.grants.length === 1
        ? sendJson(response, 200, { access_token: 'token-1', token_type: 'Bearer', expires_in: 3600 })
        : sendJson(response, 401, { error: 'invalid_client' }),
    )
    const { handler, calls, over } = record()
    agent.dispatch({ origin: home.origin, path: '/api/x', method: 'GET' }, handler)
    await over
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(calls).toEqual(['start', 'error grant_refused'])
  })
})

describe('without a token', () => {
  it('H4, X1, X2: a request is never sent, and its handler gets the error once', async () => {
    const { home, agent, ask, url } = await start()
    home.answers.set('/token', (_request, response) => sendJson(response, 401, { error: 'invalid_client' }))
    const { handler, calls, over } = record()
    agent.dispatch({ origin: home.origin, path: '/api/x', method: 'GET' }, handler)
    await over
    expect(calls).toEqual(['error grant_refused'])
    const failure: unknown = await ask().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(NightlatchError)
    expect(inspect(failure, { depth: 9 })).not.toContain('not to be seen')
    await expect(undiciFetch(url, { dispatcher: agent })).rejects.toMatchObject({ cause: { code: 'grant_refused' } })
    const body = Readable.from(['text'])
    await expect(ask({ method: 'POST', body })).rejects.toMatchObject({ code: 'grant_refused' })
    expect(body.destroyed).toBe(true)
    expect(home.requests).toEqual([])
  })

  it('a caller can abort its wait, and gets its own reason at once', async () => {
    const { home, ask, url, agent, client } = await start()
    const { promise: mayGrant, resolve: grant } = Promise.withResolvers<void>()
    home.answers.set('/token', async (_request, response) => {
      await mayGrant
      sendJson(response, 200, { access_token: 'token-1', token_type: 'Bearer', expires_in: 3600 })
    })
    const reason = new Error('enough')
    const signalled = new AbortController()
    const emitter = new EventEmitter()
    const waits = [
      ask({ signal: signalled.signal }),
      ask({ signal: emitter }),
      undiciFetch(url, { dispatcher: agent, signal: signalled.signal }),
    ].map((wait) => wait.catch((error: unknown) => error))
    await expect.poll(() => home.grants.length, { timeout: 60_000 }).toBe(1)
    signalled.abort(reason)
    emitter.emit('abort')
    expect(await Promise.all(waits)).toEqual([reason, expect.objectContaining({ name: 'AbortError' }), reason])
    expect(emitter.listenerCount('abort')).toBe(0)
    grant()
    await client.token()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(home.requests).toEqual([])
    await expect(ask({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const silent = new EventEmitter()
    const answered = await ask({ signal: silent })
    await answered.body.dump()
    await expect.poll(() => silent.listenerCount('abort'), { timeout: 60_000 }).toBe(0)
  })

  it('a caller can abort between a rejection and the repeat', async () => {
    const { home, ask, agent } = await start()
    await (await ask()).body.dump()
    home.revoked.add('token-1')
    const { promise: mayGrant, resolve: grant } = Promise.withResolvers<void>()
    home.answers.set('/token', async (_request, response) => {
      await mayGrant
      sendJson(response, 200, { access_token: 'token-2', token_type: 'Bearer', expires_in: 3600 })
    })
    const signalled = new AbortController()
    const wait = ask({ signal: signalled.signal })
    const { handler, calls, over } = record()
    let controller: Dispatcher.DispatchController | undefined
    const start_ = handler.onRequestStart
    handler.onRequestStart = (given, context) => {
      controller = given
      start_?.(given, context)
    }
    agent.dispatch({ origin: home.origin, path: '/api/x', method: 'GET' }, handler)
    await expect.poll(() => home.requests.length, { timeout: 60_000 }).toBe(3)
    await expect.poll(() => home.grants.length, { timeout: 60_000 }).toBe(2)
    signalled.abort(new Error('enough'))
    controller?.abort(new Error('enough'))
    await expect(wait).rejects.toThrow('enough')
    grant()
    await over
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(calls).toEqual(['start', 'error Error'])
    expect(home.requests).toHaveLength(3)
  })
})

describe('redirects', () => {
  const follow = interceptors.redirect({ maxRedirections: 5 })
  const orders = {
    'redirect further out': (client: NightlatchClient) => [nightlatchInterceptor(client), follow],
    'redirect further out, retry between': (client: NightlatchClient) => [
      nightlatchInterceptor(client),
      interceptors.retry(),
      follow,
    ],
    'redirect further in': (client: NightlatchClient) => [follow, nightlatchInterceptor(client)],
  }

  for (const [order, list] of Object.entries(orders)) {
    describe(order, () => {
      async function startRedirects(provider: Parameters<typeof clientOf>[1] = {}) {
        const bench = await start(provider)
        const agent = new Agent().compose(list(bench.client))
        onTestFinished(() => agent.destroy())
        const get = (path: string) =>
          request(`${bench.home.origin}${path}`, { dispatcher: agent, headers: { cookie: 'a=b' } })
        return { ...bench, agent, get }
      }

      it('H2: the same origin keeps the token', async () => {
        const { home, get } = await startRedirects()
        home.answers.set('/api/moved', redirect('/api/here'))
        expect(await (await get('/api/moved')).body.json()).toMatchObject({ path: '/api/here', token: 'token-1' })
      })

      it('H2: another origin gets neither token nor cookie, not even after returning', async () => {
        const { home, away, get } = await startRedirects()
        home.answers.set('/api/moved', redirect(`${away.origin}/there`, 307))
        away.answers.set('/there', redirect(`${home.origin}/api/back`, 307))
        expect(await (await get('/api/moved')).body.json()).toMatchObject({ path: '/api/back', token: null })
        expect(away.requests).toHaveLength(1)
        for (const { headers } of [...away.requests, ...home.requests.slice(1)]) {
          expect([headers.authorization, headers.cookie]).toEqual([undefined, undefined])
        }
      })

      it.each([
        ['alone', { DPoP: 'proof' }],
        ['beside an authorization', { dpop: 'proof', authorization: 'DPoP own' }],
        ['in pairs', ['dpop', 'proof', 'authorization', 'DPoP own']],
      ])('H2: a caller’s own proof of possession stays with its origin: %s', async (_what, headers) => {
        const { home, away, agent } = await startRedirects()
        home.answers.set('/api/moved', redirect(`${away.origin}/there`, 307))
        const response = request(`${home.origin}/api/moved`, { dispatcher: agent, headers })
        if (order === 'redirect further in') {
          await expect(response).rejects.toMatchObject({ code: 'origin_refused' })
          expect(away.requests).toEqual([])
        } else {
          await (await response).body.dump()
          expect(away.requests).toHaveLength(1)
          expect(away.requests[0]?.headers).not.toHaveProperty('dpop')
          expect(away.requests[0]?.headers).not.toHaveProperty('authorization')
        }
        expect(home.requests[0]?.headers.dpop).toBe('proof')
        const answer = await request(`${home.origin}/api/x`, { dispatcher: agent, headers })
        expect([answer.statusCode, home.requests.at(-1)?.headers.dpop]).toEqual([200, 'proof'])
        await answer.body.dump()
      })

      it('H2: a 401 from another origin does not reject our token', async () => {
        const { home, away, get } = await startRedirects()
        home.answers.set('/api/moved', redirect(`${away.origin}/there`))
        away.answers.set('/there', (_request, response) => sendJson(response, 401, {}))
        expect((await get('/api/moved')).statusCode).toBe(401)
        expect(home.grants).toHaveLength(1)
        expect(home.requests).toHaveLength(1)
      })

      it('H2: a token in another header stays at its origin if a stream became a GET', async () => {
        const { home, away, agent } = await startRedirects({
          authorizeRequest: (headers, { value }) => headers.set('x-api-token', value),
        })
        home.answers.set('/api/moved', redirect(`${away.origin}/there`, 303))
        const body = Readable.from(['text'])
        await agent
          .request({ origin: home.origin, path: '/api/moved', method: 'POST', body })
          .then(({ body }) => body.dump())
          .catch(() => {})
        expect(home.requests[0]?.headers['x-api-token']).toBe('token-1')
        for (const { headers } of away.requests) expect(headers).not.toHaveProperty('x-api-token')
      })

      it('H2: a token in another header stays at its origin', async () => {
        const { home, away, get } = await startRedirects({
          authorizeRequest: (headers, { value }) => headers.set('x-api-token', value),
        })
        home.answers.set('/api/moved', redirect(`${away.origin}/there`))
        const failure = await get('/api/moved').catch((error: unknown) => error)
        expect(home.requests[0]?.headers['x-api-token']).toBe('token-1')
        if (order === 'redirect further in') {
          expect(failure).toMatchObject({
            code: 'origin_refused',
            message: expect.stringMatching(/before interceptors/),
          })
          expect(away.requests).toEqual([])
        } else {
          expect(failure).toMatchObject({ statusCode: 200 })
          expect(away.requests[0]?.headers['x-api-token']).toBeUndefined()
        }
      })
    })
  }

  it('H2: a redirect from an unknown origin is rejected', async () => {
    const { home, client } = await start()
    const hide: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (opts, handler) =>
      dispatch(opts, {
        onRequestStart: (...given) => handler.onRequestStart?.(...given),
        onResponseStart: (...given) => handler.onResponseStart?.(...given),
        onResponseData: (...given) => handler.onResponseData?.(...given),
        onResponseEnd: (...given) => handler.onResponseEnd?.(...given),
        onResponseError: (...given) => handler.onResponseError?.(...given),
      })
    const agent = new Agent().compose(nightlatchInterceptor(client), hide, follow)
    onTestFinished(() => agent.destroy())
    home.answers.set('/api/moved', redirect('/api/here'))
    await expect(request(`${home.origin}/api/moved`, { dispatcher: agent })).rejects.toMatchObject({
      code: 'origin_refused',
      message: expect.stringMatching(/right after nightlatchInterceptor/),
    })
    expect(home.requests).toHaveLength(1)
  })

  it('H2: fetch follows redirects itself, and another origin gets no token', async () => {
    const { home, away, agent } = await start({}, { foreignOrigins: 'passThrough' })
    home.answers.set('/api/moved', redirect(`${away.origin}/there`))
    const response = await undiciFetch(`${home.origin}/api/moved`, { dispatcher: agent })
    expect(await response.json()).toMatchObject({ path: '/there', token: null })
    expect(home.requests[0]?.headers.authorization).toBe('Bearer token-1')
  })

  it('H1: an IP address from the dns interceptor is rejected, and the error names the working order', async () => {
    const home = await startLoopback()
    onTestFinished(home.close)
    const named = home.origin.replace('127.0.0.1', 'localhost')
    const { client } = clientOf(home, { api: `${named}/api` })
    const dns = interceptors.dns({ dualStack: false, affinity: 4 })
    const wrong = new Agent().compose(nightlatchInterceptor(client, { foreignOrigins: 'passThrough' }), dns)
    const right = new Agent().compose(dns, nightlatchInterceptor(client))
    onTestFinished(async () => {
      await wrong.destroy()
      await right.destroy()
    })
    await expect(request(`${named}/api/x`, { dispatcher: wrong })).rejects.toThrow(
      /interceptors\.dns\(\) to compose\(\) before/,
    )
    expect(home.requests).toEqual([])
    expect(await (await request(`${named}/api/x`, { dispatcher: right })).body.json()).toMatchObject({
      token: 'token-1',
    })
  })
})

describe('a failing transport', () => {
  it.each(['GET', 'POST'])('X3: does not quote the token (%s)', async (method) => {
    const { createServer } = await import('node:net')
    const server = createServer((socket) => socket.on('error', () => {}).on('data', (data) => socket.end(data)))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { readonly port: number }
    const { home, client } = await start()
    home.answers.set('/token', (_request, response) =>
      sendJson(response, 200, { access_token: 'MARKED-token-77aa', token_type: 'Bearer', expires_in: 3600 }),
    )
    const { client: other } = clientOf(home, { api: `http://127.0.0.1:${port}` })
    const agent = new Agent().compose(nightlatchInterceptor(other))
    onTestFinished(async () => {
      await agent.destroy()
      await new Promise((resolve) => server.close(resolve))
      await client.close()
    })
    const body = method === 'POST' ? { body: Readable.from(['b']) } : {}
    const failure: unknown = await request(`http://127.0.0.1:${port}/x`, {
      dispatcher: agent,
      method,
      ...body,
    } as never).catch((error: unknown) => error)
    expect(failure).toMatchObject({ name: 'HTTPParserError', message: expect.stringContaining('HTTP/1.1') })
    expect(inspect(failure, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toContain('MARKED-token-77aa')
    expect(inspect(failure, { depth: Number.POSITIVE_INFINITY })).toContain('[redacted]')
  })
})

describe('an authorization of the caller', () => {
  it('H6: is sent beside the header that the provider sets', async () => {
    const { home, ask, away } = await start({
      authorizeRequest: (headers, { value }) => {
        headers.set('x-api-token', value)
        headers.set('authorization', 'of the provider')
      },
    })
    for (const headers of [{ Authorization: 'Bearer mine' }, ['authorization', 'Bearer mine']]) {
      await (await ask({ headers } as never)).body.dump()
      expect(home.requests.at(-1)?.headers).toMatchObject({ authorization: 'Bearer mine', 'x-api-token': 'token-1' })
      await (await ask({ headers } as never, `${away.origin}/x`)).body.dump()
      expect(away.requests.at(-1)?.headers.authorization).toBe('Bearer mine')
      expect(away.requests.at(-1)?.headers).not.toHaveProperty('x-api-token')
    }
  })
})

describe('unsafe compositions', () => {
  it('H1: a compose() that does not report the dispatcher’s origin, as in undici 7, is rejected', async () => {
    const { client } = await start()
    const compose = nightlatchInterceptor(client) as (dispatch: unknown, ...origin: readonly unknown[]) => unknown
    const dispatch = (): boolean => true
    expect(() => compose(dispatch)).toThrow(expect.objectContaining({ code: 'invalid_options' }))
    expect(() => compose(dispatch)).toThrow('requires undici 8')
    expect(() => compose(dispatch, undefined)).not.toThrow()
    expect(() => compose(dispatch, 'https://api.acme.test')).not.toThrow()
  })

  it('a cache before the interceptor is rejected, because it could serve one tenant’s response to another', async () => {
    const first = await start()
    const { client: second } = clientOf(first.home)
    const store = new cacheStores.MemoryCacheStore()
    first.home.answers.set('/api/x', ({ headers }, response) =>
      sendJson(response, 200, { of: headers.authorization }, { 'cache-control': 'max-age=100' }),
    )
    for (const between of [[], [interceptors.retry()]]) {
      for (const client of [first.client, second]) {
        const agent = new Agent().compose(nightlatchInterceptor(client), ...between, interceptors.cache({ store }))
        onTestFinished(() => agent.destroy())
        const failure: unknown = await request(first.url, { dispatcher: agent }).catch((error: unknown) => error)
        expect(failure).toMatchObject({
          code: 'origin_refused',
          message: expect.stringContaining('Pass interceptors.cache() to compose() before nightlatchInterceptor'),
        })
      }
    }
    expect(first.home.requests).toEqual([])
    // Before it, the cache sees the token, and knows what it may keep.
    const inside = (client: NightlatchClient): Dispatcher =>
      new Agent().compose(interceptors.cache({ store }), nightlatchInterceptor(client))
    const answers: unknown[] = []
    for (const client of [first.client, second]) {
      const agent = inside(client)
      onTestFinished(() => agent.destroy())
      answers.push(await (await request(first.url, { dispatcher: agent })).body.json())
    }
    expect(answers).toEqual([{ of: 'Bearer token-1' }, { of: 'Bearer token-2' }])
  })

  it('accepts a handler without a prototype', async () => {
    const { home, agent } = await start()
    const { handler, calls, over } = record()
    agent.dispatch({ origin: home.origin, path: '/api/x', method: 'GET' }, Object.assign(Object.create(null), handler))
    await over
    expect(calls).toEqual(['start', 'response 200', 'data', 'end'])
  })
})

describe('arguments', () => {
  it('rejects invalid options and an invalid client, by name', async () => {
    const { client } = await start()
    const make =
      (...given: unknown[]) =>
      () =>
        nightlatchInterceptor(...(given as Parameters<typeof nightlatchInterceptor>))
    for (const none of [undefined, null, {}, 'client']) {
      expect(make(none)).toThrow(
        expect.objectContaining({ code: 'invalid_options', message: expect.stringMatching(/client must be/) }),
      )
    }
    expect(make(client, { foreignOrigins: 'ignore' })).toThrow(
      /options\.foreignOrigins must be 'reject' or 'passThrough'/,
    )
    expect(make(client, { foreignOrigin: 'reject' })).toThrow(
      'Unknown option `foreignOrigin`. Did you mean `foreignOrigins`?',
    )
    expect(make(client, null)).toThrow(/options must be an object/)
    expect(make(client, {})).not.toThrow()
  })

  it('rejects a handler that undici would reject', async () => {
    const { agent, home } = await start()
    const opts = { origin: home.origin, path: '/api/x', method: 'GET' }
    for (const handler of [
      undefined,
      null,
      {},
      { onRequestStart: () => {} },
      { onConnect: () => {}, onError: () => {} },
    ]) {
      expect(() => agent.dispatch(opts, handler as never)).toThrow(/handler/)
    }
    expect(() => agent.dispatch(null as never, record().handler)).not.toThrow()
    expect(home.requests).toEqual([])
  })
})
