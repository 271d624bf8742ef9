import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { type RecordedRequest, standardEmulation, startEmulator } from '@nightlatch/testing'
import * as undici from 'undici'
import { describe, expect, it } from 'vitest'
import { followRedirects } from '../../src/fetch/follow-redirects.ts'
import { createClient } from '../../src/index.ts'

/** A client whose token travels in a header of the provider's own, which the platform would take along anywhere. */
async function start() {
  const emulator = await startEmulator(standardEmulation())
  const { tokenEndpoint, credentials, apiUrl, elsewhereUrl } = emulator
  const client = createClient(
    {
      name: 'own-header',
      tokenEndpoint,
      api: apiUrl,
      authorizeRequest: (headers, token) => headers.set('x-api-key', token.value),
    },
    { credentials },
  )
  /** Redirects of the API: from /api/<n> to the n-th target, and an answer where none is left. */
  const redirectTo = (status: number, ...targets: readonly string[]): void => {
    emulator.faults.set('api', {
      name: 'answer',
      answer: ({ path, origin }: RecordedRequest) => {
        const target = origin === emulator.url ? targets[Number(path.split('/').pop())] : undefined
        return target === undefined ? { body: 'arrived' } : { status, headers: { location: target } }
      },
    })
  }
  const sent = (): readonly (readonly [string, string, boolean, string])[] =>
    emulator.requests
      .filter(({ part, origin }) => part === 'api' || origin !== emulator.url)
      .map(({ method, path, headers, body }) => [method, path, headers.has('x-api-key'), body])
  return { emulator, client, apiUrl, elsewhereUrl, redirectTo, sent, [Symbol.asyncDispose]: () => emulator.close() }
}

describe('redirects with a token in the provider’s own header', () => {
  it('H2: the same origin keeps the token', async () => {
    await using bench = await start()
    bench.redirectTo(302, '/api/1', '/api/2')
    expect(await (await bench.client.fetch(`${bench.apiUrl}/0`)).text()).toBe('arrived')
    expect(bench.sent()).toEqual([
      ['GET', '/api/0', true, ''],
      ['GET', '/api/1', true, ''],
      ['GET', '/api/2', true, ''],
    ])
  })

  it('H2: another origin gets neither the token nor the headers of the first, and is not authorized again', async () => {
    await using bench = await start()
    bench.redirectTo(307, `${bench.elsewhereUrl}/x`)
    const headers = { cookie: 'session=1', dpop: 'proof', 'x-own': 'kept' }
    await bench.client.fetch(`${bench.apiUrl}/0`, { method: 'PUT', body: 'b', headers })
    const last = bench.emulator.requests.at(-1)
    expect(last?.origin).not.toBe(bench.emulator.url)
    expect([last?.method, last?.body, last?.headers.get('x-own')]).toEqual(['PUT', 'b', 'kept'])
    for (const name of ['x-api-key', 'cookie', 'dpop', 'authorization']) expect(last?.headers.has(name)).toBe(false)
  })

  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [302, 'PUT', 'PUT'],
    [307, 'POST', 'POST'],
    [308, 'DELETE', 'DELETE'],
  ])('H2: a %d turns %s into %s, as fetch does', async (status, before, after) => {
    await using bench = await start()
    bench.redirectTo(status, '/api/1')
    const body = before === 'HEAD' ? {} : { body: 'b' }
    await bench.client.fetch(`${bench.apiUrl}/0`, { method: before, ...body })
    expect(bench.sent().at(-1)).toEqual([after, '/api/1', true, after === before && before !== 'HEAD' ? 'b' : ''])
  })

  it('H2: redirects of a Request are followed, with its body', async () => {
    await using bench = await start()
    bench.redirectTo(308, '/api/1')
    const request = new Request(`${bench.apiUrl}/0`, { method: 'POST', body: 'b', headers: { 'x-own': '1' } })
    await bench.client.fetch(request)
    expect(bench.sent().at(-1)).toEqual(['POST', '/api/1', true, 'b'])
    expect(bench.emulator.requests.at(-1)?.headers.get('x-own')).toBe('1')
  })

  it('H2: the provider sets the token once, after any number of redirects', async () => {
    await using bench = await start()
    bench.redirectTo(302, '/api/1', '/api/2')
    const client = createClient(
      { ...bench.client.provider, authorizeRequest: (headers) => headers.append('x-api-key', 'once') },
      { credentials: bench.emulator.credentials },
    )
    await client.fetch(`${bench.apiUrl}/0`)
    expect(bench.emulator.requests.at(-1)?.headers.get('x-api-key')).toBe('once')
  })

  it('H2: the platform handles manual and error', async () => {
    await using bench = await start()
    bench.redirectTo(302, '/api/1')
    expect((await bench.client.fetch(`${bench.apiUrl}/0`, { redirect: 'manual' })).status).toBe(302)
    await expect(bench.client.fetch(`${bench.apiUrl}/0`, { redirect: 'error' })).rejects.toThrow(TypeError)
  })

  const withUser = 'a URL with a user name or a password'
  const notHttp = 'an address that is not an http or https URL'
  it.each([
    ['https://a:marked-password@elsewhere.example/', withUser],
    ['https://:marked-password@elsewhere.example/', withUser],
    ['https://marked-password@elsewhere.example/', withUser],
    ['https://[marked-password', notHttp],
    ['marked-password://x', notHttp],
  ])('X1: %s is rejected without being quoted', async (location, kind) => {
    await using bench = await start()
    bench.redirectTo(302, location)
    const failure = await bench.client.fetch(`${bench.apiUrl}/0`).catch((thrown: unknown) => thrown)
    expect(failure).toBeInstanceOf(TypeError)
    expect(failure).toMatchObject({ message: `${new URL(bench.apiUrl).origin} redirected to ${kind}` })
    expect(inspect(failure, { showHidden: true })).not.toContain('marked-password')
  })

  it('H2: a loop ends, and an invalid address is rejected', async () => {
    await using bench = await start()
    bench.redirectTo(302, '/api/0')
    await expect(bench.client.fetch(`${bench.apiUrl}/0`)).rejects.toThrow(/more than 20 times/)
    expect(bench.sent()).toHaveLength(21)
    bench.redirectTo(302, 'ftp://files.evil.test/')
    await expect(bench.client.fetch(`${bench.apiUrl}/0`)).rejects.toThrow(/not an http or https URL/)
  })

  it.each<[string, () => unknown]>([
    ['a web stream', () => new Blob(['b']).stream()],
    ['a Node stream', () => Readable.from(['b'])],
    [
      'an async iterable',
      async function* () {
        yield new TextEncoder().encode('b')
      },
    ],
  ])('H2: %s is not sent again, and no empty body is sent instead', async (_what, body) => {
    await using bench = await start()
    bench.redirectTo(307, '/api/1')
    const init = { method: 'POST', body: body(), duplex: 'half' }
    await expect(bench.client.fetch(`${bench.apiUrl}/0`, init as RequestInit)).rejects.toThrow(/stream/)
    expect(bench.sent().map(([, path]) => path)).toEqual(['/api/0'])
  })

  it('sets redirected, as fetch does', async () => {
    await using bench = await start()
    bench.redirectTo(302, '/api/1')
    expect(await bench.client.fetch(`${bench.apiUrl}/0`)).toMatchObject({
      redirected: true,
      url: `${bench.apiUrl}/1`,
    })
    expect(await bench.client.fetch(`${bench.apiUrl}/1`)).toMatchObject({ redirected: false })
  })

  it('accepts the Request of a transport with its own class', async () => {
    await using bench = await start()
    bench.redirectTo(308, '/api/1')
    const client = createClient(bench.client.provider, {
      credentials: bench.emulator.credentials,
      fetch: undici.fetch as unknown as typeof fetch,
    })
    const request = new undici.Request(`${bench.apiUrl}/0`, { method: 'POST', body: 'b' })
    await client.fetch(request as unknown as Request)
    expect(bench.sent().at(-1)).toEqual(['POST', '/api/1', true, 'b'])
  })

  it('L4: an abort ends the wait for a Request’s body, too', async () => {
    await using bench = await start()
    await bench.client.token()
    const controller = new AbortController()
    const body = new ReadableStream(
      { pull: () => void setImmediate(() => controller.abort(new Error('given up'))) },
      { highWaterMark: 0 },
    )
    const init = { method: 'POST', body, duplex: 'half', signal: controller.signal }
    const call = bench.client.fetch(new Request(`${bench.apiUrl}/0`, init as RequestInit))
    await expect(call).rejects.toThrow('given up')
    expect(bench.sent()).toEqual([])
  })

  it('H2: a generator is not sent again, because it can be read only once', async () => {
    await using bench = await start()
    bench.redirectTo(307, '/api/1')
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode('b')
    }
    const init = { method: 'POST', body: pieces(), duplex: 'half' } as unknown as RequestInit
    await expect(bench.client.fetch(`${bench.apiUrl}/0`, init)).rejects.toThrow(/stream/)
    expect(bench.sent()).toHaveLength(1)
  })

  it('H2: redirects of the Request of a transport with its own class are followed', async () => {
    await using bench = await start()
    bench.redirectTo(307, '/api/1')
    const client = createClient(bench.client.provider, {
      credentials: bench.emulator.credentials,
      fetch: undici.fetch as unknown as typeof fetch,
    })
    const request = new undici.Request(`${bench.apiUrl}/0`, { method: 'POST', body: 'b', headers: { 'x-own': '1' } })
    const response = await client.fetch(request as unknown as Request)
    expect(await response.text()).toBe('arrived')
    expect(bench.sent()).toEqual([
      ['POST', '/api/0', true, 'b'],
      ['POST', '/api/1', true, 'b'],
    ])
    expect(bench.emulator.requests.at(-1)?.headers.get('x-own')).toBe('1')
  })
})

/** A transport that answers in turn, and what it was asked. */
function answerInTurn(...answers: readonly Response[]) {
  const sent: { readonly url: string; readonly init: RequestInit; readonly headers: Record<string, string> }[] = []
  const left = [...answers]
  const transport: typeof fetch = async (input, init = {}) => {
    // As it is now: the headers are one object through all hops.
    sent.push({ url: String(input), init, headers: Object.fromEntries(new Headers(init.headers)) })
    return left.shift() ?? new Response('arrived')
  }
  return { transport, sent }
}

const to = (location: string, status = 307): Response => new Response(null, { status, headers: { location } })
const home = 'https://api.acme.example'

describe('followRedirects', () => {
  it('H2: removed headers stay removed, even if a redirect leads back to the first origin', async () => {
    const prepared: string[] = []
    const { transport, sent } = answerInTurn(to('/a'), to('https://x.test/b'), to('/c'), to(`${home}/d`), to('/e'))
    const headers = new Headers({
      authorization: 'DPoP token',
      'proxy-authorization': 'Basic proxy',
      cookie: 'session=1',
      dpop: 'proof',
      'x-token': 'token',
      'x-own': '1',
    })
    await followRedirects(
      transport,
      home,
      { headers },
      {
        carriers: ['x-token'],
        onRedirect: async (hop) => {
          prepared.push(`${hop.method} ${hop.url.href}`)
          hop.headers.set('dpop', 'another proof')
        },
      },
    )
    expect(sent.map(({ url }) => url)).toEqual([
      home,
      `${home}/a`,
      'https://x.test/b',
      'https://x.test/c',
      `${home}/d`,
      `${home}/e`,
    ])
    expect(prepared).toEqual([`GET ${home}/a`])
    expect(sent[1]?.headers).toMatchObject({ authorization: 'DPoP token', dpop: 'another proof', cookie: 'session=1' })
    for (const hop of sent.slice(2)) expect(hop.headers).toEqual({ 'x-own': '1' })
    expect(headers.get('dpop')).toBe('proof')
  })

  it('H2: another port and another scheme are another origin', async () => {
    for (const other of ['https://api.acme.example:8443/', 'http://api.acme.example/']) {
      const { transport, sent } = answerInTurn(to(other))
      await followRedirects(transport, home, { headers: new Headers({ 'x-token': 't' }) }, { carriers: ['x-token'] })
      expect(sent.map(({ headers }) => headers)).toEqual([{ 'x-token': 't' }, {}])
    }
  })

  it.each([
    ['a status that is none', new Response(null, { status: 300, headers: { location: '/a' } })],
    ['not modified', new Response(null, { status: 304, headers: { location: '/a' } })],
    ['something created', new Response(null, { status: 201, headers: { location: '/a' } })],
    ['a redirect to nowhere', new Response(null, { status: 302 })],
  ])('H2: %s is returned like any response', async (_what, answer) => {
    const { transport, sent } = answerInTurn(answer)
    expect(await followRedirects(transport, home, { headers: new Headers() }, { carriers: [] })).toBe(answer)
    expect(sent).toHaveLength(1)
  })

  it.each([
    [303, 'put'],
    [302, 'post'],
  ])('H2: if a %d turns %s into GET, the body and its headers are removed', async (status, method) => {
    const { transport, sent } = answerInTurn(to('/a', status))
    const headers = new Headers({
      'content-type': 'text/plain',
      'content-length': '1',
      'content-encoding': 'gzip',
      'content-language': 'en',
      'content-location': '/x',
      accept: 'text/plain',
    })
    await followRedirects(transport, home, { method, body: 'b', headers }, { carriers: [] })
    expect(sent[1]?.init).toMatchObject({ method: 'GET', body: null })
    expect(sent[1]?.headers).toEqual({ accept: 'text/plain' })
  })

  it.each([
    [303, 'GET'],
    [303, 'HEAD'],
    [302, 'PUT'],
  ])('H2: after a %d, %s keeps the headers of its body, as with fetch', async (status, method) => {
    const { transport, sent } = answerInTurn(to('/a', status))
    const headers = { 'content-type': 'text/plain', 'content-language': 'en' }
    await followRedirects(transport, home, { method, headers: new Headers(headers) }, { carriers: [] })
    expect(sent[1]?.init.method).toBe(method)
    expect(sent[1]?.headers).toEqual(headers)
  })

  it('the mode of a navigation, which no init can have, is left out', async () => {
    const { transport, sent } = answerInTurn()
    const request = Object.defineProperty(new Request(home), 'mode', { value: 'navigate' })
    await followRedirects(transport, request, { headers: new Headers() }, { carriers: [] })
    expect(sent).toHaveLength(1)
    expect(sent[0]?.init).not.toHaveProperty('mode')
  })

  it('H2: the options of a Request and init apply to every redirect', async () => {
    const { transport, sent } = answerInTurn(to('/a'))
    const controller = new AbortController()
    const request = new Request(`${home}/0#part`, {
      method: 'PATCH',
      body: 'b',
      cache: 'no-store',
      credentials: 'omit',
      integrity: 'sha256-x',
      keepalive: true,
      mode: 'same-origin',
      referrerPolicy: 'no-referrer',
      signal: controller.signal,
    })
    await followRedirects(transport, request, { headers: new Headers(), cache: 'reload' }, { carriers: [] })
    expect(sent.map(({ url }) => url)).toEqual([`${home}/0#part`, `${home}/a#part`])
    for (const { init } of sent) {
      expect(init).toMatchObject({
        method: 'PATCH',
        cache: 'reload',
        credentials: 'omit',
        integrity: 'sha256-x',
        keepalive: true,
        mode: 'same-origin',
        referrerPolicy: 'no-referrer',
        redirect: 'manual',
      })
      expect(new TextDecoder().decode(init.body as ArrayBuffer)).toBe('b')
      expect(init.signal?.aborted).toBe(false)
    }
    controller.abort()
    for (const { init } of sent) expect(init.signal?.aborted).toBe(true)
  })

  it('H2: a Request without a body has none after a redirect, either', async () => {
    const { transport, sent } = answerInTurn(to('/a'))
    await followRedirects(transport, new Request(`${home}/0`), { headers: new Headers() }, { carriers: [] })
    expect(sent.map(({ init }) => [init.method, init.body])).toEqual([
      ['GET', null],
      ['GET', null],
    ])
  })

  it('H2: the fragment of a redirect is kept', async () => {
    const { transport, sent } = answerInTurn(to('/a#other'), to('/b'))
    await followRedirects(transport, `${home}/0#part`, { headers: new Headers() }, { carriers: [] })
    expect(sent.map(({ url }) => url)).toEqual([`${home}/0#part`, `${home}/a#other`, `${home}/b#other`])
  })

  it('the redirect response is drained, so that its connection can be reused', async () => {
    const answer = new Response('moved', { status: 302, headers: { location: '/a' } })
    await followRedirects(answerInTurn(answer).transport, home, { headers: new Headers() }, { carriers: [] })
    expect(answer.bodyUsed).toBe(true)
  })
})
