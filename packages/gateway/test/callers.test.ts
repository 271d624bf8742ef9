import type { RequestListener } from 'node:http'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import type { GatewayConfiguration } from '../src/index.ts'
import { digestOf, key, startServer, startTrial } from './start-trial.ts'

const second = 'nlk_second_fedcba9876543210fedcba9876543210'
const basic = (name: string, secret: string): string => `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`

const callers: GatewayConfiguration['callers'] = {
  powerbi: { keys: [digestOf(key), digestOf('nlk_next')] },
  'et-l.1': { keys: [digestOf(second)] },
}
const get = (url: string, authorization?: string): Promise<Response> =>
  fetch(url, { headers: authorization === undefined ? {} : { authorization } })

describe('callers with keys', () => {
  it('are known by Bearer and by Basic, with either of two keys; others are 401', async () => {
    await using trial = await startTrial({ config: { callers } })
    const url = `${trial.url}/orders/a`
    const known = [
      [`Bearer ${key}`, 'powerbi'],
      ['Bearer nlk_next', 'powerbi'],
      [`bearer  ${key}`, 'powerbi'],
      [basic('powerbi', key), 'powerbi'],
      // As openid-client encodes it: even the hyphen.
      [basic('et%2Dl%2E1', encodeURIComponent(second).replaceAll('_', '%5F')), 'et-l.1'],
      [basic('et-l.1', second), 'et-l.1'],
    ]
    for (const [authorization] of known) expect((await get(url, authorization)).status).toBe(200)
    const unknown = [
      undefined,
      'Bearer wrong',
      `Bearer ${key}x`,
      `Bearer ${key.slice(0, -1)}`,
      `Bearer ${digestOf(key)}`,
      key,
      `Digest ${key}`,
      basic('powerbi', second),
      basic('nobody', key),
      basic('', key),
      'Basic !!!',
      'Basic',
      '',
    ]
    for (const authorization of unknown) {
      const response = await get(url, authorization)
      expect(response.status).toBe(401)
      expect(response.headers.get('nightlatch-error')).toBe('caller_unknown')
      expect(response.headers.get('www-authenticate')).toContain('Bearer')
      expect(await response.text()).not.toContain(key)
    }
    expect(trial.received).toHaveLength(known.length)
    expect(JSON.stringify(trial.received)).not.toContain('nlk_')
    await trial.gateway.close()
    expect(trial.audit.map(({ caller }) => caller)).toEqual([
      ...known.map(([, caller]) => caller),
      ...unknown.map(() => null),
    ])
    expect(JSON.stringify(trial.audit)).not.toContain('nlk_')
  })

  it('may do what a rule permits, and nothing else', async () => {
    await using trial = await startTrial({
      config: { callers },
      upstream: {
        allow: [
          { callers: ['powerbi'], methods: ['GET'], paths: ['/v1/*'] },
          { callers: '*', methods: ['POST'], paths: ['/open/**'] },
        ],
      },
    })
    const statuses = async (authorization: string): Promise<readonly number[]> => {
      const requests = [
        ['GET', '/v1/a'],
        ['POST', '/v1/a'],
        ['HEAD', '/v1/a'],
        ['GET', '/v1/a/b'],
        ['GET', '/v1/%2e%2e'],
        ['POST', '/open/x/y'],
        ['POST', '/OPEN/x'],
      ]
      const found: number[] = []
      for (const [method = '', path] of requests) {
        const response = await fetch(`${trial.url}/orders${path}`, { method, headers: { authorization } })
        found.push(response.status)
      }
      return found
    }
    // `fetch` resolves the dots itself, so that the fifth is a request for another path.
    expect(await statuses(`Bearer ${key}`)).toEqual([200, 403, 403, 403, 403, 200, 403])
    expect(await statuses(`Bearer ${second}`)).toEqual([403, 403, 403, 403, 403, 200, 403])
    const refused = await get(`${trial.url}/orders/v2`, `Bearer ${key}`)
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    expect(await refused.json()).toMatchObject({
      code: 'not_allowed',
      status: 403,
      title: expect.any(String),
      hints: [],
    })
    expect((await get(`${trial.url}/nowhere`, `Bearer ${key}`)).status).toBe(404)
    await trial.gateway.close()
    expect(trial.audit[0]).toMatchObject({ caller: 'powerbi', rule: 'allow[0]' })
    expect(trial.audit[5]).toMatchObject({ caller: 'powerbi', rule: 'allow[1]' })
  })

  it('another host is served, because each caller proves who it is', async () => {
    await using trial = await startTrial({ config: { callers } })
    const status = await new Promise<number | undefined>((resolve, reject) => {
      import('node:http').then(({ get: send }) =>
        send(
          `${trial.url}/orders/a`,
          { headers: { host: 'gateway.acme.example', authorization: `Bearer ${key}` } },
          (response) => {
            response.resume()
            resolve(response.statusCode)
          },
        ).on('error', reject),
      )
    })
    expect(status).toBe(200)
  })
})

describe('callers with JWTs', () => {
  const issuer = 'https://kubernetes.default.svc'

  async function startIssuer() {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
    const other = await generateKeyPair('ES256')
    const jwk = { ...(await exportJWK(publicKey)), kid: '1', alg: 'ES256' }
    let fetches = 0
    const server = await startServer((_request, response) => {
      fetches += 1
      response.end(JSON.stringify({ keys: [jwk] }))
    })
    const sign = (claims: JWTPayload, signer = privateKey, alg = 'ES256'): Promise<string> =>
      new SignJWT({ iss: issuer, aud: 'gateway', sub: 'system:serviceaccount:etl:nightly', ...claims })
        .setProtectedHeader({ alg, kid: '1' })
        .setExpirationTime('5m')
        .sign(signer)
    return { server, sign, other, jwks: `${server.url}/keys`, fetches: () => fetches }
  }

  it('are known by issuer, audience, subject and signature', async () => {
    const { server, sign, other, jwks, fetches } = await startIssuer()
    const jwt = { issuer, audience: 'gateway', subject: 'system:serviceaccount:etl:*', jwks }
    await using trial = await startTrial({ config: { callers: { etl: { jwt }, powerbi: { keys: [digestOf(key)] } } } })
    const url = `${trial.url}/orders/a`
    const good = await sign({})
    for (let time = 0; time < 3; time += 1) expect((await get(url, `Bearer ${good}`)).status).toBe(200)
    expect(fetches()).toBe(1)
    const bad = [
      await sign({ aud: 'other' }),
      await sign({ iss: 'https://evil.example' }),
      await sign({ sub: 'system:serviceaccount:other:nightly' }),
      await sign({ sub: ['system:serviceaccount:etl:nightly'] as never }),
      await sign({ exp: 1 }).then(() =>
        new SignJWT({ iss: issuer, aud: 'gateway', sub: 'system:serviceaccount:etl:x' })
          .setProtectedHeader({ alg: 'ES256', kid: '1' })
          .setExpirationTime('-5m')
          .sign(other.privateKey),
      ),
      await sign({}, other.privateKey),
      await new SignJWT({ iss: issuer, aud: 'gateway', sub: 'system:serviceaccount:etl:x' })
        .setProtectedHeader({ alg: 'HS256', kid: '1' })
        .setExpirationTime('5m')
        .sign(new TextEncoder().encode('x'.repeat(32))),
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${good.split('.')[1]}.`,
      `${good.slice(0, -4)}AAAA`,
      'eyJ.eyJ.x',
    ]
    for (const credential of bad) expect((await get(url, `Bearer ${credential}`)).status).toBe(401)
    await trial.gateway.close()
    expect(trial.audit[0]).toMatchObject({ caller: 'etl', status: 200 })
    await server.close()
  })

  it('are 503, and not unknown, while the issuer’s keys cannot be fetched', async () => {
    const { server, sign, jwks } = await startIssuer()
    const jwt = { issuer, audience: 'gateway', subject: '*', jwks }
    await using trial = await startTrial({ config: { callers: { etl: { jwt } } } })
    const token = await sign({})
    await server.close()
    const response = await get(`${trial.url}/orders/a`, `Bearer ${token}`)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
  })
})

describe('an issuer that answers without its keys', () => {
  it.each<[string, RequestListener]>([
    ['with 500', (_request, response) => void response.writeHead(500).end()],
    ['with a redirect', (_request, response) => void response.writeHead(302, { location: '/other' }).end()],
    ['with what is not JSON', (_request, response) => void response.end('<html>')],
    ['with JSON that has no keys', (_request, response) => void response.end('{}')],
  ])('%s makes its callers 503, and not unknown', async (_how, answer) => {
    const server = await startServer(answer)
    const jwt = { issuer: 'https://k8s', audience: 'gateway', subject: '*', jwks: `${server.url}/keys` }
    await using trial = await startTrial({ config: { callers: { etl: { jwt } } } })
    const { privateKey } = await generateKeyPair('ES256')
    const token = await new SignJWT({ iss: 'https://k8s', aud: 'gateway', sub: 'nightly' })
      .setProtectedHeader({ alg: 'ES256', kid: '1' })
      .setExpirationTime('5m')
      .sign(privateKey)
    const response = await get(`${trial.url}/orders/a`, `Bearer ${token}`)
    expect(response.status).toBe(503)
    await server.close()
  })
})

it('a caller’s flood is answered with 503, and another caller is served in between', async () => {
  const waiting: (() => void)[] = []
  await using trial = await startTrial({
    config: { callers: { flood: { keys: [digestOf(key)], concurrency: 5 }, calm: { keys: [digestOf(second)] } } },
    api: (request, response) => {
      if (!request.url?.endsWith('/held')) return undefined
      waiting.push(() => response.end('done'))
      return true
    },
  })
  await get(`${trial.url}/orders/first`, `Bearer ${second}`)
  const flood = Array.from({ length: 50 }, () => get(`${trial.url}/orders/held`, `Bearer ${key}`))
  // Those beyond the limit are answered while the others are held.
  const refused = await Promise.race([
    Promise.all(Array.from({ length: 45 }, (_, at) => firstRefused(flood, at))),
    new Promise<never>((_resolve, reject) => setTimeout(() => reject(new Error('no answer')), 50_000).unref()),
  ])
  expect(refused.every(({ status }) => status === 503)).toBe(true)
  expect(refused[0]?.headers.get('nightlatch-error')).toBe('overloaded')
  expect(refused[0]?.headers.get('retry-after')).toBe('1')
  expect((await get(`${trial.url}/orders/a`, `Bearer ${second}`)).status).toBe(200)
  expect(waiting).toHaveLength(5)
  for (const finish of waiting) finish()
  const all = await Promise.all(flood)
  expect(all.filter(({ status }) => status === 200)).toHaveLength(5)
  expect((await get(`${trial.url}/orders/a`, `Bearer ${key}`)).status).toBe(200)
})

/** The response that comes in as the nth. */
async function firstRefused(all: readonly Promise<Response>[], at: number): Promise<Response> {
  const settled: Response[] = []
  return new Promise((resolve) => {
    for (const one of all) {
      void one.then((response) => {
        settled.push(response)
        if (settled.length === at + 1) resolve(response)
      })
    }
  })
}
