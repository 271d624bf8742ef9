import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { inspect, types } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withoutSecrets } from '../../src/fetch/transport-error.ts'
import { type Client, createClient, NightlatchError, type Provider } from '../../src/index.ts'
import { findLeaks } from '../acquire/printings.ts'

const token = 'MARKED-token-77aa-0123456789'
const echo = `GET /x HTTP/1.1\r\nauthorization: Bearer ${token}`

describe('an error of a transport', () => {
  it('X3: without secrets is returned as it is, with all its properties', () => {
    const harmless: readonly unknown[] = [
      new TypeError('fetch failed', {
        cause: Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), {
          code: 'ECONNREFUSED',
          errno: -111,
          port: 9,
        }),
      }),
      new AggregateError([new Error('a'), new RangeError('b')], 'all'),
      new DOMException('This operation was aborted', 'AbortError'),
      Object.assign(new Error('bad'), {
        response: new Response('x'),
        at: new Date(),
        list: [1, { deep: null }],
        flag: undefined,
      }),
      Object.assign(new Error('without a stack'), { stack: undefined }),
      // Frames are not cut, however many there are.
      Object.assign(new Error('deep'), { stack: `Error: deep${'\n    at run (/app/run.js:1:1)'.repeat(200)}` }),
      new NightlatchError('endpoint_unavailable', 'down'),
      'a text',
      undefined,
      { status: 500 },
    ]
    for (const failure of harmless) expect(withoutSecrets(failure, [token])).toBe(failure)
  })

  it('X3: loses the secrets, and keeps class, name, code and causes', () => {
    const mark = Symbol.for('undici.error')
    class HTTPParserError extends Error {
      override name = 'HTTPParserError'
      readonly code = 'HPE_INVALID_HEADER_TOKEN'
      readonly data: string
      constructor(message: string, data: string) {
        super(message)
        this.data = data
        Object.assign(this, { [mark]: true })
      }
    }
    const cause = new HTTPParserError('Response does not match the HTTP/1.1 protocol', echo)
    const failure = new TypeError('fetch failed', { cause })
    const clean = withoutSecrets(failure, [token]) as TypeError & { cause: HTTPParserError }
    expect(findLeaks(clean, [token, token.slice(0, 10)])).toEqual([])
    expect(clean).not.toBe(failure)
    expect(clean).toBeInstanceOf(TypeError)
    expect(types.isNativeError(clean)).toBe(true)
    expect([clean.message, clean.name]).toEqual(['fetch failed', 'TypeError'])
    expect(clean.stack).toBe(failure.stack)
    expect(clean.cause).toBeInstanceOf(HTTPParserError)
    expect(clean.cause).toMatchObject({
      name: 'HTTPParserError',
      code: 'HPE_INVALID_HEADER_TOKEN',
      message: cause.message,
    })
    expect(Reflect.get(clean.cause, mark)).toBe(true)
    expect(clean.cause.data).toBe('GET /x HTTP/1.1\r\nauthorization: Bearer [redacted]')
    // What the transport threw is its own.
    expect(failure.cause).toBe(cause)
    expect(cause.data).toBe(echo)
  })

  const carriers: readonly (readonly [string, () => unknown])[] = [
    ['its message and its stack', () => new TypeError(`Headers.append: "Bearer ${token}" is an invalid header value.`)],
    [
      'a property',
      () => Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: `http://${token}` }),
    ],
    ['an encoded property', () => Object.assign(new Error('x'), { data: Buffer.from(echo).toString('base64') })],
    ['bytes', () => Object.assign(new Error('x'), { data: Buffer.from(echo) })],
    ['a property that is not enumerable', () => Object.defineProperty(new Error('x'), 'raw', { value: echo })],
    ['a property by a symbol', () => Object.assign(new Error('x'), { [Symbol('raw')]: { list: [echo] } })],
    ['a getter', () => Object.defineProperty(new Error('x'), 'raw', { get: () => echo, enumerable: true })],
    ['a name', () => Object.assign(new Error('x'), { name: `Error of ${token}` })],
    [
      'a Request',
      () => Object.assign(new Error('x'), { request: new Request('http://a.test', { headers: { a: token } }) }),
    ],
    ['Headers', () => Object.assign(new Error('x'), { options: { headers: new Headers({ authorization: token }) } })],
    ['a map', () => Object.assign(new Error('x'), { map: new Map([['a', token]]) })],
    [
      'an instance',
      () =>
        Object.assign(new Error('x'), {
          socket: new (class {
            readonly raw = echo
          })(),
        }),
    ],
    ['a function', () => Object.assign(new Error('x'), { retry: Object.assign(() => {}, { raw: echo }) })],
    ['a cause deep down', () => new Error('a', { cause: new Error('b', { cause: new Error('c', { cause: echo }) }) })],
    ['one of many', () => new AggregateError([new Error('a'), new Error(token)], 'all')],
    ['a DOMException', () => new DOMException(`no ${token}`, 'NetworkError')],
    ['an object that is no error', () => ({ message: echo })],
    ['a text', () => echo],
    ['a long text', () => new Error(`${'x'.repeat(100_000)}${token}`)],
    [
      'a deep object',
      () => {
        let value: unknown = echo
        for (let depth = 0; depth < 20; depth += 1) value = { value }
        return Object.assign(new Error('x'), { value })
      },
    ],
    [
      'the same object in two places',
      () => {
        const shared = { raw: echo }
        return Object.assign(new Error('x'), { one: shared, two: [shared] })
      },
    ],
    ['a stack of its own', () => Object.assign(new Error('x'), { stack: `Error: ${echo}` })],
    ['a stack that is no text', () => Object.assign(new Error('x'), { stack: [echo] })],
  ]

  it.each(carriers)('X3: shows no secret in %s', (_what, make) => {
    const failure = make()
    const clean = withoutSecrets(failure, [token])
    expect(clean).not.toBe(failure)
    expect(findLeaks(clean, [token])).toEqual([])
    if (!(failure instanceof Error)) return
    expect(Object.getPrototypeOf(clean)).toBe(Object.getPrototypeOf(failure))
    if (failure instanceof DOMException) expect((clean as DOMException).name).toBe(failure.name)
  })

  it('X3: may be circular', () => {
    const first = new Error('first')
    const second = new Error('second', { cause: first })
    first.cause = second
    expect(withoutSecrets(first, [token])).toBe(first)
    second.message = token
    const clean = withoutSecrets(first, [token]) as Error & { cause: Error }
    expect(clean.message).toBe('first')
    expect(String(clean.cause)).toBe('Error: [redacted]')
    expect(clean.cause.cause).toBe(clean)
    expect(inspect(clean, { showHidden: true, depth: 9 })).not.toContain(token)
  })

  it('X3: keeps eight levels of causes, and the first 4000 characters of a text', () => {
    let chain = new Error('the last')
    for (let level = 9; level > 0; level -= 1) chain = new Error(`level ${level}`, { cause: chain })
    const messages: string[] = []
    for (let at: unknown = withoutSecrets(chain, [token]); at instanceof Error; at = at.cause) messages.push(at.message)
    expect(messages).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((level) => `level ${level}`))

    const [short, long] = ['x'.repeat(4000), 'x'.repeat(4001)].map((text) => ({ text }))
    expect(withoutSecrets(short, [token])).toBe(short)
    expect(withoutSecrets(long, [token])).toEqual(short)
  })

  it('X3: keeps what is beside a secret as it is', () => {
    const at = new Date()
    const cause = new NightlatchError('endpoint_unavailable', 'down')
    const bare: object = Object.assign(Object.create(null), { list: [1, null, undefined, true] })
    const aborted = new DOMException('This operation was aborted', 'AbortError')
    const failure = Object.assign(new Error(token, { cause }), { at, bare, code: 7, aborted, none: [] })
    Object.defineProperty(failure, 'hidden', { value: 'x', enumerable: false })
    const clean = withoutSecrets(failure, [token]) as typeof failure
    expect([clean.cause, clean.at, clean.code]).toEqual([cause, at, 7])
    expect(clean.cause).toBe(cause)
    expect(clean.aborted).toBe(aborted)
    expect(clean.none).toEqual([])
    expect(clean.bare).toEqual(bare)
    expect(Object.getPrototypeOf(clean.bare)).toBeNull()
    expect(Object.getOwnPropertyDescriptor(clean, 'hidden')).toMatchObject({ value: 'x', enumerable: false })
    expect(Object.keys(clean)).toEqual(['at', 'bare', 'code', 'aborted', 'none'])
  })

  it('X3: keeps the rest of a stack without frames', () => {
    const failure = Object.assign(new Error('x'), { stack: `Error: ${token}` })
    expect(withoutSecrets(failure, [token])).toMatchObject({ message: 'x', stack: 'Error: [redacted]' })
  })

  it('X3: can be changed like any error, for example by a logger', () => {
    const clean = withoutSecrets(Object.assign(new Error(token), { code: 7 }), [token]) as Error & { code?: number }
    clean.message = `while sending: ${clean.message}`
    delete clean.code
    expect(clean).toEqual(new Error('while sending: [redacted]'))
    expect(clean).not.toHaveProperty('code')
  })

  it('X3: loses a function and a getter beside clean members', () => {
    const failure = Object.assign(new Error('x'), { retry: () => {}, code: 7 })
    Object.defineProperty(failure, 'later', { get: () => 'y', enumerable: true })
    expect(withoutSecrets(failure, [token])).not.toBe(failure)
    expect(Object.keys(withoutSecrets(failure, [token]) as object)).toEqual(['code'])
  })

  it('X3: that cannot be searched becomes an error without a message', () => {
    expect(withoutSecrets(new Map([['a', token]]), [token])).toEqual(new Error('[redacted]'))
  })
})

/** A server that is none: it answers with what it was sent, in three ways that no HTTP client takes. */
let server: Server
let origin: string
beforeAll(async () => {
  server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => {
      const path = String(data).split(' ', 2)[1]
      const authorization = /authorization: (.*)\r/i.exec(String(data))?.[1]
      const key = /x-key: (.*)\r/i.exec(String(data))?.[1]
      if (path === '/echo') socket.end(data)
      else if (path === '/header') socket.end(`HTTP/1.1 200 OK\r\nbad header ${authorization} ${key}\r\n\r\n`)
      else socket.end(`HTTP/1.1 302 Found\r\nlocation: http://[${authorization} ${key}\r\ncontent-length: 0\r\n\r\n`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

function connect(provider: Partial<Provider> = {}): Client {
  const tokenEndpoint = 'https://login.acme.test/token'
  return createClient(
    { name: 'acme', tokenEndpoint, api: origin, ...provider },
    {
      credentials: { clientId: 'a', clientSecret: 'b' },
      fetch: async (input, init) =>
        String(input) === tokenEndpoint
          ? Response.json({ access_token: token, token_type: 'Bearer', expires_in: 3600 })
          : fetch(input, init),
    },
  )
}

describe.each(['/echo', '/header', '/location'])('a server that echoes the request (%s)', (path) => {
  it.each<[string, () => Promise<unknown>]>([
    ['fetch', () => connect().fetch(`${origin}${path}`)],
    [
      'fetch with a token in another header',
      () =>
        connect({ authorizeRequest: (headers, { value }) => headers.set('x-key', value) }).fetch(`${origin}${path}`),
    ],
    [
      'fetch with an authorization of the caller’s',
      () => connect().fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${token}` } }),
    ],
    ['fetch with a Request', () => connect().fetch(new Request(`${origin}${path}`, { method: 'POST', body: 'b' }))],
    ['api', async () => (await connect().api()).get(path.slice(1), { retry: 0 })],
    [
      'authorize',
      async () => {
        const authorization = await connect().authorize(`${origin}${path}`)
        try {
          return await fetch(`${origin}${path}`, { headers: { ...authorization?.headers } })
        } catch (failure) {
          throw authorization?.redactError(failure)
        }
      },
    ],
  ])('X3: is not quoted by %s', async (_what, send) => {
    const failure: unknown = await send().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Error)
    expect(findLeaks(failure, [token])).toEqual([])
  })
})

it('an aborted caller gets its own reason, whatever it contains', async () => {
  const reason = Object.assign(new Error('enough'), { own: new Map() })
  const client = createClient(
    { name: 'acme', tokenEndpoint: 'https://login.acme.test/token', api: origin },
    {
      credentials: { clientId: 'a', clientSecret: 'b' },
      fetch: async (input, init) =>
        String(input).startsWith(origin)
          ? fetch(input, init)
          : Response.json({ access_token: token, token_type: 'Bearer', expires_in: 3600 }),
    },
  )
  await client.token()
  const controller = new AbortController()
  const call = client.fetch(`${origin}/echo`, { signal: controller.signal })
  controller.abort(reason)
  await expect(call).rejects.toBe(reason)
})
