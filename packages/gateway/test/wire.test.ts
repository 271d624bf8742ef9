import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lines, type RawAnswer, sendRaw } from './send-raw.ts'
import { startTrial, type Trial } from './start-trial.ts'
import { traversals } from './traversals.ts'

// The tests of this file share a gateway; each looks at what the API got because of it.
let trial: Trial
beforeAll(async () => {
  trial = await startTrial()
  // The token is there, so that each request of the tests reaches the API at once.
  await fetch(`${trial.url}/orders/first`)
})
afterAll(() => trial[Symbol.asyncDispose]())

const host = 'Host: 127.0.0.1'
const close = 'Connection: close'

async function send(...parts: readonly string[]): Promise<RawAnswer & { readonly forwarded: number }> {
  trial.received.length = 0
  const answer = await sendRaw(trial.url, ...parts)
  return { ...answer, forwarded: trial.received.length }
}

describe('paths that leave their prefix', () => {
  it.each(traversals)('%s is 400, and reaches no API', async (target) => {
    const { status, forwarded, head } = await send(lines(`GET ${target} HTTP/1.1`, host, close))
    expect({ status, forwarded }).toEqual({ status: 400, forwarded: 0 })
    expect(head).toContain('nightlatch-error: request_invalid')
  })

  it('there are at least 30 spellings', () => {
    expect(new Set(traversals).size).toBeGreaterThanOrEqual(30)
  })
})

describe('request smuggling', () => {
  const post = 'POST /orders/a HTTP/1.1'
  const chunk = '5\r\nhello\r\n0\r\n\r\n'
  const smuggled = 'GET /orders/smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'

  it.each([
    ['two Content-Length', `${lines(post, host, close, 'Content-Length: 5', 'Content-Length: 6')}helloX`],
    ['two equal Content-Length', `${lines(post, host, close, 'Content-Length: 5', 'Content-Length: 5')}hello`],
    ['a list in Content-Length', `${lines(post, host, close, 'Content-Length: 5, 5')}hello`],
    [
      'Content-Length and Transfer-Encoding',
      lines(post, host, close, 'Content-Length: 5', 'Transfer-Encoding: chunked') + chunk,
    ],
    [
      'Transfer-Encoding and Content-Length',
      lines(post, host, close, 'Transfer-Encoding: chunked', 'Content-Length: 0') + chunk + smuggled,
    ],
    ['chunked that is not last', lines(post, host, close, 'Transfer-Encoding: chunked, gzip') + chunk],
    ['an unknown coding', lines(post, host, close, 'Transfer-Encoding: xchunked') + chunk],
    [
      'two Transfer-Encoding',
      lines(post, host, close, 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity') + chunk,
    ],
    ['obs-fold', lines(post, host, close, 'X-A: 1\r\n Content-Length: 5', 'Content-Length: 0') + smuggled],
    ['bare LF', `POST /orders/a HTTP/1.1\nHost: 127.0.0.1\nContent-Length: 0\n\n${smuggled}`],
    ['bare CR in a value', lines(post, host, close, 'X-A: 1\rContent-Length: 5', 'Content-Length: 0')],
    ['a space before the colon', `${lines(post, host, close, 'Content-Length : 5')}hello`],
    ['a space before the name', `${lines(post, host, close, ' Content-Length: 5')}hello`],
    ['a negative length', `${lines(post, host, close, 'Content-Length: -5')}hello`],
    ['a length with a sign', `${lines(post, host, close, 'Content-Length: +5')}hello`],
    ['a hexadecimal length', `${lines(post, host, close, 'Content-Length: 0x5')}hello`],
    ['an invalid chunk size', `${lines(post, host, close, 'Transfer-Encoding: chunked')}z\r\nhello\r\n0\r\n\r\n`],
    ['a chunk size with a sign', `${lines(post, host, close, 'Transfer-Encoding: chunked')}+5\r\nhello\r\n0\r\n\r\n`],
    ['chunk data without an end', `${lines(post, host, close, 'Transfer-Encoding: chunked')}5\r\nhelloX0\r\n\r\n`],
    ['HTTP/1.0 with chunked', lines('POST /orders/a HTTP/1.0', host, 'Transfer-Encoding: chunked') + chunk],
    ['NUL in a value', lines(post, host, close, 'X-A: a\0b', 'Content-Length: 0')],
  ])('%s: refused, and nothing is smuggled', async (_name, text) => {
    const { status, forwarded, text: answer } = await send(text)
    expect(status).toBe(400)
    expect(forwarded).toBe(0)
    expect(answer.match(/HTTP\/1\.1 \d{3}/g)).toHaveLength(1)
  })

  it('a body is framed anew, so that what follows it is a request of its own', async () => {
    const { text } = await send(
      `${lines(post, host, 'Transfer-Encoding: chunked')}1e\r\nGET /orders/inner HTTP/1.1\r\n\r\n\r\n0\r\n\r\n`,
      lines('GET /orders/outer HTTP/1.1', host, close),
    )
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(2)
    expect(trial.received.map(({ url }) => url)).toEqual(['/v2/a', '/v2/outer'])
  })
})

describe('what Node’s parser lets through, and h1spec does not', () => {
  it.each([
    ['two Host headers', lines('GET /orders/a HTTP/1.1', host, host, close), 400],
    ['no Host header', lines('GET /orders/a HTTP/1.1', close), 400],
    ['an empty Host header', lines('GET /orders/a HTTP/1.1', 'Host:', close), 400],
    ['a Host with a path', lines('GET /orders/a HTTP/1.1', 'Host: 127.0.0.1/a', close), 400],
    ['a Host with a user', lines('GET /orders/a HTTP/1.1', 'Host: a@127.0.0.1', close), 400],
    ['a Host with a space', lines('GET /orders/a HTTP/1.1', 'Host: 127.0.0.1 evil', close), 400],
    ['a Host with a bad port', lines('GET /orders/a HTTP/1.1', 'Host: 127.0.0.1:80x', close), 400],
    ['another host (DNS rebinding)', lines('GET /orders/a HTTP/1.1', 'Host: evil.example', close), 403],
    ['HTTP/2.0 as text', lines('GET /orders/a HTTP/2.0', host, close), 400],
    ['HTTP/0.9', 'GET /orders/a\r\n\r\n', 400],
    ['HTTP/9.9', lines('GET /orders/a HTTP/9.9', host, close), 400],
    ['an absolute target', lines('GET http://127.0.0.1/orders/a HTTP/1.1', host, close), 400],
    ['an asterisk target of another method than OPTIONS', lines('GET * HTTP/1.1', host, close), 400],
    ['an asterisk target of OPTIONS', lines('OPTIONS * HTTP/1.1', host, close), 204],
    [
      'an unknown transfer coding, to no upstream',
      lines('POST / HTTP/1.1', host, close, 'Transfer-Encoding: foo'),
      400,
    ],
    ['CONNECT', lines('CONNECT 127.0.0.1:80 HTTP/1.1', host, close), 405],
    ['TRACE', lines('TRACE /orders/a HTTP/1.1', host, close), 405],
    ['an unknown method', lines('FOO /orders/a HTTP/1.1', host, close), 400],
    ['a method in lower case', lines('get /orders/a HTTP/1.1', host, close), 400],
    ['a header name with a space', lines('GET /orders/a HTTP/1.1', host, close, 'X A: 1'), 400],
    ['a header without a colon', lines('GET /orders/a HTTP/1.1', host, close, 'X-A'), 400],
    ['headers that are too large', lines('GET /orders/a HTTP/1.1', host, close, `X-A: ${'a'.repeat(40_000)}`), 431],
    ['Origin of a web page', lines('GET /orders/a HTTP/1.1', host, close, 'Origin: https://evil.example'), 403],
    ['Sec-Fetch-Site of a web page', lines('GET /orders/a HTTP/1.1', host, close, 'Sec-Fetch-Site: cross-site'), 403],
  ])('%s', async (_name, text, expected) => {
    const { status, forwarded } = await send(text)
    expect({ status, forwarded }).toEqual({ status: expected, forwarded: 0 })
  })

  it.each(['127.0.0.1', '127.0.0.1:8711', 'localhost', 'LOCALHOST:80', '[::1]', '[::1]:8711'])(
    'serves the host %s',
    async (name) => {
      expect((await send(lines('GET /orders/a HTTP/1.1', `Host: ${name}`, close))).status).toBe(200)
    },
  )

  it('keeps a connection open for HTTP/1.1, and closes it for HTTP/1.0', async () => {
    const { text } = await send(
      lines('GET /orders/1 HTTP/1.1', host) +
        lines('GET /orders/2 HTTP/1.1', host) +
        lines('GET /orders/3 HTTP/1.1', host, close),
    )
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(3)
    expect(trial.received.map(({ url }) => url)).toEqual(['/v2/1', '/v2/2', '/v2/3'])
    expect((await send(lines('GET /orders/old HTTP/1.0', host))).status).toBe(200)
  })

  it('answers HEAD without a body', async () => {
    const { status, body } = await send(lines('HEAD /orders/a HTTP/1.1', host, close))
    expect({ status, body }).toEqual({ status: 200, body: '' })
    expect((await send(lines('HEAD /nowhere HTTP/1.1', host, close))).body).toBe('')
  })

  it('says 100 Continue before it reads a body', async () => {
    const { hostname, port } = new URL(trial.url)
    const socket = connect({ host: hostname, port: Number(port) })
    const read = (): Promise<string> => new Promise((resolve) => socket.once('data', (chunk) => resolve(String(chunk))))
    socket.write(lines('POST /orders/a HTTP/1.1', host, 'Expect: 100-continue', 'Content-Length: 5', close))
    expect(await read()).toContain('100 Continue')
    socket.write('hello')
    expect(await read()).toContain('200 OK')
    socket.destroy()
  })
})

describe('headers of one hop', () => {
  // Every header that an example of RFC 9110 section 7.6.1 and its neighbours names.
  const hop = [
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'Proxy-Authenticate: Basic',
    'Proxy-Authorization: Basic c2VjcmV0',
    'TE: trailers',
    'Trailer: X-Checksum',
    'Upgrade: HTTP/2.0, SHTTP/1.3, IRC/6.9, RTA/x11',
    'Http2-Settings: AAMAAABk',
    'Via-Own: kept',
  ]

  it('are dropped from requests, with those that Connection names', async () => {
    const named = ['X-Named: 1', 'X-Other: 2', 'Close-Call: kept']
    await send(
      lines(
        'GET /orders/a HTTP/1.1',
        host,
        'Connection: close, X-Named',
        'Connection:x-OTHER',
        'X-Kept: 3',
        ...hop,
        ...named,
      ),
    )
    const [received] = trial.received
    const names = received?.rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()) ?? []
    expect(names.sort()).toEqual(['authorization', 'close-call', 'connection', 'host', 'via-own', 'x-kept'])
    expect(received?.headers.connection).toBe('keep-alive')
  })

  it('cannot take the token away, nor add one', async () => {
    await send(
      lines(
        'GET /orders/a HTTP/1.1',
        host,
        'Connection: close, authorization, host',
        'Authorization: Bearer mine',
        'Authorization: Bearer too',
      ),
    )
    expect(trial.received[0]?.headers.authorization).toMatch(/^Bearer ey/)
    expect(trial.received[0]?.rawHeaders.filter((name) => /^authorization$/i.test(name))).toHaveLength(1)
  })

  it('credentials, cookies and addresses of the caller are dropped', async () => {
    const own = [
      'Cookie: a=b',
      'X-Forwarded-For: 1.2.3.4',
      'X-Forwarded-Host: evil',
      'x-forwarded-anything: 1',
      'Forwarded: for=1.2.3.4',
      'DPoP: ey',
      // Programs behind CGI or WSGI read these as the ones with hyphens.
      'X_Forwarded_For: 1.2.3.4',
      'Proxy_Authorization: Basic eA==',
      // Some frameworks read the path from these.
      'X-Original-URL: /admin',
      'X-Rewrite-URL: /admin',
    ]
    await send(lines('GET /orders/a HTTP/1.1', host, close, ...own))
    const names = Object.keys(trial.received[0]?.headers ?? {})
    expect(names.sort()).toEqual(['authorization', 'connection', 'host'])
  })
})

describe('a header that names another method', () => {
  it.each(['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'])('%s needs a rule for it', async (name) => {
    const allow = [{ callers: '*' as const, methods: ['POST', 'PATCH'], paths: ['/**'] }]
    await using narrow = await startTrial({ upstream: { allow } })
    const ask = (method: string): Promise<RawAnswer> =>
      sendRaw(narrow.url, lines('POST /orders/a HTTP/1.1', host, close, 'Content-Length: 0', `${name}: ${method}`))
    expect((await ask('delete')).status).toBe(403)
    expect(narrow.received).toEqual([])
    expect((await ask('patch')).status).toBe(200)
    expect(narrow.received[0]?.headers[name.toLowerCase()]).toBe('patch')
  })
})
