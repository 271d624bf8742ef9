import { type RecordedRequest, standardEmulation, startEmulator } from '@latchkey/testing'
import * as undici from 'undici'
import { describe, expect, it } from 'vitest'
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

describe('redirects with a token in a header of the provider’s own', () => {
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

  it('H2: another origin sees neither the token nor what belongs to the first, and is not authorised again', async () => {
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

  it('H2: a Request is followed, body and all', async () => {
    await using bench = await start()
    bench.redirectTo(308, '/api/1')
    const request = new Request(`${bench.apiUrl}/0`, { method: 'POST', body: 'b', headers: { 'x-own': '1' } })
    await bench.client.fetch(request)
    expect(bench.sent().at(-1)).toEqual(['POST', '/api/1', true, 'b'])
    expect(bench.emulator.requests.at(-1)?.headers.get('x-own')).toBe('1')
  })

  it('H2: manual and error are left to the platform', async () => {
    await using bench = await start()
    bench.redirectTo(302, '/api/1')
    expect((await bench.client.fetch(`${bench.apiUrl}/0`, { redirect: 'manual' })).status).toBe(302)
    await expect(bench.client.fetch(`${bench.apiUrl}/0`, { redirect: 'error' })).rejects.toThrow(TypeError)
  })

  it('H2: a loop ends, and an address that is none is refused', async () => {
    await using bench = await start()
    bench.redirectTo(302, '/api/0')
    await expect(bench.client.fetch(`${bench.apiUrl}/0`)).rejects.toThrow(/more than 20 times/)
    expect(bench.sent()).toHaveLength(21)
    bench.redirectTo(302, 'ftp://files.evil.test/')
    await expect(bench.client.fetch(`${bench.apiUrl}/0`)).rejects.toThrow(/no http address/)
  })

  it('H2: a stream is not sent again', async () => {
    await using bench = await start()
    bench.redirectTo(307, '/api/1')
    const init = { method: 'POST', body: new Blob(['b']).stream(), duplex: 'half' }
    await expect(bench.client.fetch(`${bench.apiUrl}/0`, init as RequestInit)).rejects.toThrow(/stream/)
  })

  it('H2: a generator is not sent again, either: there would be nothing left of it', async () => {
    await using bench = await start()
    bench.redirectTo(307, '/api/1')
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode('b')
    }
    const init = { method: 'POST', body: pieces(), duplex: 'half' } as unknown as RequestInit
    await expect(bench.client.fetch(`${bench.apiUrl}/0`, init)).rejects.toThrow(/stream/)
    expect(bench.sent()).toHaveLength(1)
  })

  it('H2: the Request of a transport that brings its own is followed', async () => {
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
