import { createServer } from 'node:https'
import { connect } from 'node:net'
import { createClock } from '@nightlatch/testing'
import { describe, expect, it } from 'vitest'
import { createCertificateAuthority } from '../../testing/test/certificates.ts'
import { createGateway } from '../src/index.ts'
import { lines } from './send-raw.ts'
import { startServer, startTrial } from './start-trial.ts'

const problemOf = async (response: Response): Promise<{ status: number; code: string | null }> => {
  await response.arrayBuffer()
  return { status: response.status, code: response.headers.get('nightlatch-error') }
}

describe('the authorization server', () => {
  it('is down at start: the gateway starts, answers 503 with hints, and recovers by itself', async () => {
    const place = await startServer(() => {})
    await place.close()
    const api = await startServer((_request, response) => response.end('ok'))
    const provider = { name: 'acme', tokenEndpoint: `${place.url}/token`, api: api.url }
    await using gateway = await createGateway({
      clients: { orders: { provider, credentials: { clientId: 'a', clientSecret: 'very-secret' } } },
      listen: [{ port: 0 }],
      upstreams: { orders: { client: 'orders', allow: [{ callers: '*', methods: ['GET'], paths: ['/**'] }] } },
    })
    const url = `${gateway.addresses[0]?.url}/orders/a`
    const response = await fetch(url)
    expect(response.status).toBe(503)
    const text = await response.text()
    expect(text).not.toContain('very-secret')
    expect(JSON.parse(text)).toMatchObject({ code: 'token_unavailable', hints: expect.any(Array) })
    const back = await startServer((_request, answer) => {
      answer.setHeader('content-type', 'application/json')
      answer.end('{"access_token":"t","token_type":"Bearer","expires_in":60}')
    }, place.port)
    expect((await fetch(url)).status).toBe(200)
    await back.close()
    await api.close()
  })

  it('is down later: requests go on with the token while it lives, and fail closed after that', async () => {
    const clock = createClock()
    await using trial = await startTrial({
      emulation: { now: clock.now, lifetime: 100 },
      now: clock.now,
    })
    expect((await fetch(`${trial.url}/orders/a`)).status).toBe(200)
    trial.emulator.faults.set('token', { name: 'error', status: 503 })
    clock.advance(90)
    for (let time = 0; time < 3; time += 1) expect((await fetch(`${trial.url}/orders/a`)).status).toBe(200)
    clock.advance(20)
    const before = trial.received.length
    expect(await problemOf(await fetch(`${trial.url}/orders/a`))).toEqual({ status: 503, code: 'token_unavailable' })
    expect(trial.received).toHaveLength(before)
    trial.emulator.faults.clear()
    expect((await fetch(`${trial.url}/orders/a`)).status).toBe(200)
  })

  it('rejects a wrong secret: 502 with what to do, and no request to the API', async () => {
    await using trial = await startTrial()
    trial.emulator.rotateSecret()
    const response = await fetch(`${trial.url}/orders/a`)
    expect(response.status).toBe(502)
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/)
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({ code: 'token_unavailable', status: 502 })
    expect(text).not.toContain(trial.emulator.credentials.clientSecret)
    expect(trial.received).toEqual([])
  })

  it('rotates the secret: the new one is read, without a restart', async () => {
    const clock = createClock()
    let secret = ''
    await using trial = await startTrial({
      emulation: { now: clock.now, lifetime: 100 },
      now: clock.now,
      client: { credentials: () => ({ clientId: 'test-client', clientSecret: secret }) },
      prepare: ({ credentials }) => {
        secret = credentials.clientSecret
      },
    })
    expect((await fetch(`${trial.url}/orders/a`)).status).toBe(200)
    secret = trial.emulator.rotateSecret().clientSecret
    clock.advance(200)
    expect((await fetch(`${trial.url}/orders/a`)).status).toBe(200)
  })

  it('is slow: callers share one token request', async () => {
    await using trial = await startTrial()
    trial.emulator.faults.set('token', { name: 'slow', seconds: 0.3 })
    const responses = await Promise.all(Array.from({ length: 20 }, () => fetch(`${trial.url}/orders/a`)))
    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    expect(trial.grants()).toBe(1)
  })
})

describe('the API', () => {
  it('resets the connection before its head: 502', async () => {
    await using trial = await startTrial({
      api: (request) => {
        request.socket.resetAndDestroy()
        return true
      },
    })
    expect(await problemOf(await fetch(`${trial.url}/orders/a`))).toEqual({ status: 502, code: 'upstream_unavailable' })
  })

  it('resets the connection while a body is sent: 502, which the caller can read', async () => {
    await using trial = await startTrial({
      api: (request) => {
        request.once('data', () => request.socket.resetAndDestroy())
        return true
      },
    })
    const response = await fetch(`${trial.url}/orders/a`, { method: 'POST', body: 'x'.repeat(3_000_000) })
    expect(await problemOf(response)).toEqual({ status: 502, code: 'upstream_unavailable' })
  })

  it('resets the connection after its head: the caller’s response ends incomplete', async () => {
    await using trial = await startTrial({
      api: (request, response) => {
        response.writeHead(200, { 'content-length': '1000' })
        response.write('part', () => request.socket.resetAndDestroy())
        return true
      },
    })
    const response = await fetch(`${trial.url}/orders/a`)
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toThrow()
  })

  it('is slow to respond: 504, and the request to it is ended', async () => {
    const closed = Promise.withResolvers<void>()
    await using trial = await startTrial({
      upstream: { timeout: 1 },
      api: (request) => {
        request.socket.once('close', () => closed.resolve())
        return true
      },
    })
    expect(await problemOf(await fetch(`${trial.url}/orders/a`))).toEqual({ status: 504, code: 'upstream_timed_out' })
    await closed.promise
  })

  it('is gone: 502, and back: 200', async () => {
    const api = await startServer((_request, response) => response.end('ok'))
    await api.close()
    await using trial = await startTrial({ provider: { api: api.url } })
    const response = await fetch(`${trial.url}/orders/a`)
    expect(response.status).toBe(502)
    expect(await response.json()).toMatchObject({
      code: 'upstream_unavailable',
      detail: `${api.url} refused the connection (ECONNREFUSED)`,
    })
    const back = await startServer((_request, answer) => answer.end('ok'), api.port)
    expect((await fetch(`${trial.url}/orders/a`)).status).toBe(200)
    await back.close()
  })

  it('redirects: handed on, never followed', async () => {
    await using trial = await startTrial({
      api: (_request, response) => {
        response.writeHead(302, { location: 'https://evil.example/' }).end()
        return true
      },
    })
    const response = await fetch(`${trial.url}/orders/a`, { redirect: 'manual' })
    expect({ status: response.status, location: response.headers.get('location') }).toEqual({
      status: 302,
      location: 'https://evil.example/',
    })
  })

  it('sends cookies, challenges, headers of its connection and our own header: none is handed on', async () => {
    await using trial = await startTrial({
      api: (_request, response) => {
        response.writeHead(200, {
          'set-cookie': ['a=b', 'c=d'],
          'www-authenticate': 'Bearer realm="secret-realm"',
          'proxy-authenticate': 'Basic',
          'proxy-anything': '1',
          'nightlatch-error': 'token_unavailable',
          'keep-alive': 'timeout=5',
          trailer: 'x-checksum',
          connection: 'keep-alive, x-named',
          'x-named': '1',
          'content-disposition': 'attachment; filename="é.txt"',
          'x-kept': ['1', '2'],
        })
        response.end('ok')
        return true
      },
    })
    const { request } = await import('undici')
    const { headers } = await request(`${trial.url}/orders/a`)
    const own = ['connection', 'keep-alive', 'date', 'transfer-encoding']
    expect(
      Object.keys(headers)
        .filter((name) => !own.includes(name))
        .sort(),
    ).toEqual(['content-disposition', 'x-kept'])
    expect(headers['x-kept']).toEqual(['1', '2'])
  })

  it('sends a transfer coding that the gateway cannot hand on: 502', async () => {
    await using trial = await startTrial({
      api: ({ socket }) => {
        socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n')
        return true
      },
    })
    const response = await fetch(`${trial.url}/orders/a`)
    expect(response.status).toBe(502)
    expect(response.headers.get('nightlatch-error')).toBe('upstream_unavailable')
  })

  it('without a certificate that is trusted gets no request', async () => {
    const authority = await createCertificateAuthority()
    let requests = 0
    const server = createServer({ ...(await authority.issueServer()) }, (_request, response) => {
      requests += 1
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    await using trial = await startTrial({ provider: { api: `https://127.0.0.1:${port}` } })
    expect(await problemOf(await fetch(`${trial.url}/orders/a`))).toEqual({ status: 502, code: 'upstream_unavailable' })
    expect(requests).toBe(0)
    server.close()
  })
})

describe('a caller that goes away', () => {
  it.each([
    ['before the head', (): void => {}],
    ['after the head', (response: { write(text: string): void }): void => response.write('part')],
  ])('%s: the request to the API is ended', async (_name, begin) => {
    const arrived = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    await using trial = await startTrial({
      api: (request, response) => {
        request.socket.once('close', () => closed.resolve())
        begin(response)
        arrived.resolve()
        return true
      },
    })
    const { hostname, port } = new URL(trial.url)
    const socket = connect({ host: hostname, port: Number(port) })
    socket.write(lines('GET /orders/a HTTP/1.1', 'Host: 127.0.0.1'))
    await arrived.promise
    socket.destroy()
    await closed.promise
    await trial.gateway.close()
    expect(trial.audit).toHaveLength(1)
  })
})

it('the store is down: requests go on without it', async () => {
  const place = await startServer(() => {})
  await place.close()
  const encryptionKeys = [Buffer.alloc(32, 7).toString('base64url')]
  await using trial = await startTrial({
    config: { store: { redis: `redis://127.0.0.1:${place.port}`, encryptionKeys } },
  })
  expect((await fetch(`${trial.url}/orders/a`)).status).toBe(200)
  const status = await fetch(trial.adminUrl, { headers: { accept: 'application/json' } })
  expect(await status.json()).toMatchObject({ clients: [{ name: 'orders', store: 'unavailable', state: 'fresh' }] })
})
