import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { Agent, buildConnector, Client, type Dispatcher, request, fetch as undiciFetch } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createSelfSigned } from '../../testing/test/certificates.ts'
import { nightlatchInterceptor } from '../src/index.ts'
import { clientOf, redirect, sendJson, startLoopback } from './loopback.ts'

/** A server of which the test sees all that HTTP has, a client that needs no socket for its tokens, and an Agent. */
async function startRaw(
  listener: (incoming: IncomingMessage, response: ServerResponse) => void,
  grant: (granted: number) => string | Promise<string> = (granted) => `token-${granted}`,
) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let granted = 0
  const fetch: typeof globalThis.fetch = async () => {
    granted += 1
    return Response.json({ access_token: await grant(granted), token_type: 'Bearer', expires_in: 3600 })
  }
  const { client } = clientOf({ origin } as never, {}, { fetch })
  const interceptor = nightlatchInterceptor(client)
  const sockets: Socket[] = []
  const connect = buildConnector({})
  const agent = new Agent({
    connect(options, callback) {
      connect(options, (...[error, socket]) => {
        if (error !== null) return callback(error, null)
        sockets.push(socket)
        callback(null, socket)
      })
    },
  }).compose(interceptor)
  onTestFinished(async () => {
    await agent.destroy()
    server.closeAllConnections()
    server.close()
  })
  /** The bytes that the Agent has read, once it reads no more: what the kernel holds for it does not count. */
  const readUntilQuiet = async (): Promise<number> => {
    let before: number
    let read = 0
    do {
      before = read
      await new Promise((resolve) => setTimeout(resolve, 50))
      read = sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0)
    } while (read === 0 || read > before)
    return read
  }
  return { server, origin, agent, interceptor, client, readUntilQuiet }
}

const isFirst = ({ headers }: IncomingMessage): boolean => headers.authorization === 'Bearer token-1'

describe('the handler forwards', () => {
  it('informational responses and trailers', async () => {
    const { origin, agent } = await startRaw((incoming, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' })
      if (isFirst(incoming)) return void response.writeHead(401).end()
      response.writeHead(200, { trailer: 'x-sum' })
      response.addTrailers({ 'x-sum': '7' })
      response.end('well')
    })
    const hints: unknown[] = []
    const { body, trailers } = await request(`${origin}/`, {
      dispatcher: agent,
      onInfo: ({ statusCode }) => void hints.push(statusCode),
    })
    expect(await body.text()).toBe('well')
    expect(trailers).toEqual({ 'x-sum': '7' })
    expect(hints).toEqual([103, 103])
  })

  it('an upgrade, and CONNECT', async () => {
    const { server, origin, agent } = await startRaw(() => {})
    const seen: unknown[] = []
    for (const event of ['upgrade', 'connect']) {
      server.on(event, ({ headers }: IncomingMessage, socket) => {
        seen.push(headers.authorization)
        socket.end(
          event === 'upgrade'
            ? 'HTTP/1.1 101 Yes\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nhi'
            : 'HTTP/1.1 200 OK\r\n\r\nhi',
        )
      })
    }
    const upgraded = await agent.upgrade({ origin, path: '/', protocol: 'echo' } as never)
    expect(await text(upgraded.socket)).toBe('hi')
    const connected = await agent.connect({ origin, path: 'elsewhere.test:443' })
    expect(await text(connected.socket)).toBe('hi')
    expect(seen).toEqual(['Bearer token-1', 'Bearer token-1'])
  })

  it('backpressure of a slow reader', async () => {
    const size = 4_000_000
    const listener = (_incoming: IncomingMessage, response: ServerResponse) => void response.end(Buffer.alloc(size))
    const { origin, agent, readUntilQuiet } = await startRaw(listener)
    const { body } = await request(`${origin}/`, { dispatcher: agent })
    expect(await readUntilQuiet()).toBeLessThan(size / 2)
    expect((await body.bytes()).byteLength).toBe(size)
  })

  it('pipelined requests, in order', async () => {
    const { origin, interceptor } = await startRaw((incoming, response) => {
      if (isFirst(incoming)) response.writeHead(401).end('no')
      else response.end(incoming.url)
    })
    const client = new Client(origin, { pipelining: 5 }).compose(interceptor)
    const answers = [1, 2, 3, 4, 5].map(async (n) => {
      const { body } = await client.request({ path: `/${n}`, method: 'GET' } as never)
      return await body.text()
    })
    expect(await Promise.all(answers)).toEqual(['/1', '/2', '/3', '/4', '/5'])
    await client.close()
  })

  it('the progress of a request body', async () => {
    const { origin, agent } = await startRaw(
      (incoming, response) => void incoming.resume().on('end', () => response.end()),
    )
    const sent: string[] = []
    await new Promise<void>((resolve) => {
      agent.dispatch(
        { origin, path: '/', method: 'POST', body: 'text' },
        {
          onRequestStart: () => {},
          onResponseStarted: () => void sent.push('started'),
          onBodySent: (chunk) => void sent.push(`${chunk}`),
          onRequestSent: () => void sent.push('sent'),
          onResponseStart: () => {},
          onResponseData: () => {},
          onResponseEnd: () => resolve(),
          onResponseError: () => resolve(),
        },
      )
    })
    expect(sent).toEqual(['text', 'sent', 'started'])
  })

  it('a broken connection, once', async () => {
    const { origin, agent } = await startRaw(({ socket }) => socket.destroy())
    await expect(request(`${origin}/`, { dispatcher: agent })).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' })
  })

  it('the repeat of a 401 whose connection breaks during the token request', async () => {
    const { origin, agent } = await startRaw((incoming, response) => {
      if (!isFirst(incoming)) return void response.end('well')
      response.writeHead(401, { 'content-length': '10' })
      response.write('half')
      setImmediate(() => incoming.socket.destroy())
    })
    const { body } = await request(`${origin}/`, { dispatcher: agent })
    expect(await body.text()).toBe('well')
  })

  it('the error of a handler that throws on a final 401', async () => {
    const { origin, agent, client } = await startRaw((_incoming, response) => void response.writeHead(401).end('no'))
    await client.token()
    const { promise, resolve } = Promise.withResolvers<Error>()
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => {},
      onResponseStart: () => {
        throw new Error('of the handler')
      },
      onResponseData: () => {},
      onResponseEnd: () => resolve(new Error('ended')),
      onResponseError: (_controller, error) => resolve(error),
    }
    agent.dispatch({ origin, path: '/', method: 'GET' }, handler)
    expect(await promise).toMatchObject({ message: 'of the handler' })
  })
})

describe('a 401 that is buffered until another token is available', () => {
  /** Every call of a handler; it may do something at one of them. */
  function record(at: Partial<Record<string, (controller: Dispatcher.DispatchController) => void>> = {}) {
    const calls: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    let started: Dispatcher.DispatchController | undefined
    const note = (call: string, controller: Dispatcher.DispatchController): void => {
      calls.push(call)
      at[call]?.(controller)
    }
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: (controller) => {
        started = controller
        note('start', controller)
      },
      onResponseStart: (controller, status) => note(`${status}`, controller),
      onResponseData: (controller) => note('data', controller),
      onResponseEnd: (controller) => {
        note('end', controller)
        resolve()
      },
      onResponseError: (controller, error) => {
        note(`error ${error.message}`, controller)
        resolve()
      },
    }
    return { handler, calls, over: promise, abort: () => started?.abort(new Error('enough')) }
  }

  /** A client whose second grant waits to be let go, and what was asked. */
  async function startWaiting(listener: Parameters<typeof startRaw>[0], second = 'token-2') {
    const { promise, resolve } = Promise.withResolvers<string>()
    const grants: number[] = []
    const raw = await startRaw(listener, (granted) => {
      grants.push(granted)
      return granted === 1 ? 'token-1' : promise
    })
    const asked = (): Promise<void> => expect.poll(() => grants.length, { timeout: 60_000 }).toBe(2)
    return { ...raw, asked, grant: () => resolve(second) }
  }

  it('is buffered up to a limit and delivered complete', async () => {
    const size = 4_000_000
    const { origin, agent, asked, grant, readUntilQuiet } = await startWaiting(
      (_incoming, response) => void response.writeHead(401).end(Buffer.alloc(size)),
      'token-1',
    )
    const response = request(`${origin}/`, { dispatcher: agent })
    await asked()
    expect(await readUntilQuiet()).toBeLessThan(size / 2)
    grant()
    const { statusCode, body } = await response
    expect([statusCode, (await body.bytes()).byteLength]).toEqual([401, size])
  })

  it('resumes for a handler that never paused it', async () => {
    const { origin, agent, asked, grant } = await startWaiting(
      (_incoming, response) => void response.writeHead(401).end(Buffer.alloc(4_000_000)),
      'token-1',
    )
    const { handler, calls, over } = record()
    agent.dispatch({ origin, path: '/', method: 'GET' }, handler)
    await asked()
    await new Promise((resolve) => setTimeout(resolve, 50))
    grant()
    await over
    expect(calls.at(-1)).toBe('end')
  })

  it('fails a caller that aborts at once, and only once', async () => {
    const urls: unknown[] = []
    const { origin, agent, asked, grant } = await startWaiting(({ url }, response) => {
      urls.push(url)
      response.writeHead(401).write('and so on')
    })
    const { handler, calls, over, abort } = record()
    agent.dispatch({ origin, path: '/', method: 'GET' }, handler)
    await asked()
    abort()
    await over
    grant()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect([calls, urls]).toEqual([['start', 'error enough'], ['/']])
  })

  it('is not delivered to a caller that aborted', async () => {
    const { origin, agent, asked, grant } = await startWaiting(
      (_incoming, response) => void response.writeHead(401).end('no'),
      'token-1',
    )
    const { handler, calls, over, abort } = record()
    agent.dispatch({ origin, path: '/', method: 'GET' }, handler)
    await asked()
    await new Promise((resolve) => setTimeout(resolve, 20))
    abort()
    grant()
    await over
    expect(calls).toEqual(['start', 'error enough'])
  })

  it('is not repeated if the caller aborts before the repeat is sent', async () => {
    const urls: unknown[] = []
    const held: ServerResponse[] = []
    const { origin, interceptor, asked, grant, client } = await startWaiting(({ url }, response) => {
      urls.push(url)
      if (url === '/held') held.push(response)
      else response.writeHead(401).end('no')
    })
    const single = new Client(origin)
    onTestFinished(() => single.destroy())
    const { handler, calls, over, abort } = record()
    single.compose(interceptor).dispatch({ path: '/', method: 'GET' }, handler)
    await asked()
    const other = single.request({ path: '/held', method: 'GET' } as never)
    await expect.poll(() => held.length, { timeout: 60_000 }).toBe(1)
    grant()
    await client.token()
    await new Promise((resolve) => setTimeout(resolve, 20))
    abort()
    held[0]?.end()
    await (await other).body.dump()
    await over
    expect([calls, urls]).toEqual([
      ['start', 'error enough'],
      ['/', '/held'],
    ])
  })

  it('is not delivered further to a caller that aborts at its start', async () => {
    const { origin, agent } = await startRaw(
      (_incoming, response) => void response.writeHead(401).end('no'),
      () => 'token-1',
    )
    const { handler, calls, over } = record({ 401: (controller) => controller.abort(new Error('enough')) })
    agent.dispatch({ origin, path: '/', method: 'GET' }, handler)
    await over
    expect(calls).toEqual(['start', '401', 'error enough'])
  })

  it('is delivered as far as received if its connection broke and it is final', async () => {
    const { origin, agent, asked, grant } = await startWaiting((incoming, response) => {
      response.writeHead(401, { 'content-length': '10' }).write('half')
      setTimeout(() => incoming.socket.destroy(), 20)
    }, 'token-1')
    const { handler, calls, over } = record()
    agent.dispatch({ origin, path: '/', method: 'GET' }, handler)
    await asked()
    await new Promise((resolve) => setTimeout(resolve, 60))
    grant()
    await over
    expect(calls).toEqual(['start', '401', 'data', expect.stringMatching(/^error /)])
  })
})

describe('HTTP/2', () => {
  it('carries the token, and replaces it, over one connection', async () => {
    const certificate = await createSelfSigned()
    const home = await startLoopback(certificate)
    const away = await startLoopback(certificate)
    const tls = { allowH2: true, connect: { ca: certificate.cert } }
    const transport = new Agent(tls)
    const { client } = clientOf(
      home,
      {},
      {
        fetch: ((input, init) =>
          undiciFetch(input as never, { ...init, dispatcher: transport } as never)) as typeof fetch,
      },
    )
    const agent = new Agent(tls).compose(nightlatchInterceptor(client))
    onTestFinished(async () => {
      await agent.destroy()
      await transport.destroy()
      await home.close()
      await away.close()
    })
    const ask = async () => await (await undiciFetch(`${home.origin}/api/x`, { dispatcher: agent })).json()
    expect(await ask()).toMatchObject({ token: 'token-1' })
    const { connections } = home
    home.revoked.add('token-1')
    expect(await Promise.all([ask(), ask(), ask()])).toMatchObject([
      { token: 'token-2' },
      { token: 'token-2' },
      { token: 'token-2' },
    ])
    const { body } = await request(`${home.origin}/api/x`, { dispatcher: agent, method: 'PUT', body: 'text' })
    expect(await body.json()).toMatchObject({ token: 'token-2', body: 'text' })
    expect(new Set(home.requests.map(({ version }) => version))).toEqual(new Set(['2.0']))
    expect(home.connections).toBe(connections)
    await expect(request(`${away.origin}/`, { dispatcher: agent })).rejects.toMatchObject({ code: 'origin_refused' })
  })
})

describe('tokens bound to a key', () => {
  async function startBound() {
    const home = await startLoopback()
    const away = await startLoopback()
    home.answers.set('/token', (_request, response) =>
      sendJson(response, 200, { access_token: `bound-${home.grants.length}`, token_type: 'DPoP', expires_in: 3600 }),
    )
    const { client, events } = clientOf(home, { dpop: true })
    const agent = new Agent().compose(nightlatchInterceptor(client))
    onTestFinished(async () => {
      await agent.destroy()
      await home.close()
      await away.close()
    })
    return { home, away, client, events, agent, origin: home.origin }
  }
  const readProof = (proof: unknown): Record<string, unknown> =>
    JSON.parse(Buffer.from(String(proof).split('.')[1] ?? '', 'base64url').toString())

  it('H3: are sent with a proof of the request, and repeated with the nonce that the API requires', async () => {
    const { home, agent, origin, events } = await startBound()
    home.answers.set('/api/x', ({ headers }, response) => {
      if (readProof(headers.dpop).nonce === 'n-1') sendJson(response, 200, {}, { 'dpop-nonce': 'n-2' })
      else sendJson(response, 401, {}, { 'dpop-nonce': 'n-1', 'www-authenticate': 'DPoP error="use_dpop_nonce"' })
    })
    home.answers.set('/api/stream', (_request, response) => sendJson(response, 401, {}, { 'dpop-nonce': 'n-3' }))
    const ask = (path: string, body: unknown = null) =>
      request(`${origin}${path}?y=1`, { dispatcher: agent, method: 'POST', body } as never)
    expect((await ask('/api/x', 'text')).statusCode).toBe(200)
    // A stream is not repeated, and its refusal is learned from.
    expect((await ask('/api/stream', ['a', 'b'].values())).statusCode).toBe(401)
    await (await ask('/api/y')).body.dump()
    await (await agent.request({ origin: `${origin}/`, path: '/api/y', method: 'GET' })).body.dump()
    expect(readProof(home.requests.pop()?.headers.dpop).htu).toBe(`${origin}/api/y`)
    const proofs = home.requests.map(({ headers }) => readProof(headers.dpop))
    expect(proofs.map(({ nonce }) => nonce)).toEqual([undefined, 'n-1', 'n-2', 'n-3'])
    expect(proofs[0]).toMatchObject({ htm: 'POST', htu: `${origin}/api/x` })
    expect(home.requests[0]?.headers.authorization).toBe('DPoP bound-1')
    // The stream's 401 asked for no nonce: it rejected the token, which the request after it replaced.
    expect(home.grants).toHaveLength(2)
    expect(events.filter(({ type }) => type === 'request.repeated')).toHaveLength(1)
  })

  it('H2: a redirect gets its own proof, and none at another origin', async () => {
    const { interceptors } = await import('undici')
    const { home, away, agent, origin } = await startBound()
    const following = agent.compose(interceptors.redirect({ maxRedirections: 3 }))
    home.answers.set('/api/moved', redirect('/api/x'))
    home.answers.set('/api/x', redirect(`${away.origin}/there`))
    await (await request(`${origin}/api/moved`, { dispatcher: following })).body.dump()
    expect(home.requests.map(({ headers }) => readProof(headers.dpop).htu)).toEqual([
      `${origin}/api/moved`,
      `${origin}/api/x`,
    ])
    expect(away.requests).toMatchObject([{ target: '/there' }])
    expect(away.requests[0]?.headers).not.toHaveProperty('dpop')
  })
})
