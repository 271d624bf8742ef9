import { inspect } from 'node:util'
import { standardEmulation, startEmulator } from '@nightlatch/testing'
import { describe, expect, it } from 'vitest'
import { createClient, type Provider } from '../../src/index.ts'

function redirectedResponse(url: string): Response {
  return Object.defineProperty(new Response(null, { status: 404 }), 'url', { value: url })
}

describe('client.api()', () => {
  it.each([
    ['', 'things'],
    ['', '/things'],
    ['/', 'things'],
    ['/', '/things'],
  ])('H5: a base ending in "%s" and the path "%s" join without losing the base’s path', async (end, path) => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const client = createClient(
      { name: 'odata', tokenEndpoint, api: `${apiUrl}/sc/datalake/v1${end}` },
      { credentials },
    )
    const api = await client.api()
    expect(await api.get(path).json()).toMatchObject({ path: '/api/sc/datalake/v1/things', authorized: true })
    expect(await api.get(`${path}(2)/Projects`, { searchParams: { $top: 5 } }).json()).toMatchObject({
      path: '/api/sc/datalake/v1/things(2)/Projects',
      query: '%24top=5',
    })
  })

  it('is one instance with the behaviour of ky: JSON bodies, HTTPError unless 2xx', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint, api: apiUrl }, { credentials })
    const api = await client.api()
    expect(await client.api()).toBe(api)
    expect(await api.post('things', { json: { a: 1 } }).json()).toMatchObject({ body: '{"a":1}' })
    emulator.faults.set('api', { name: 'answer', answer: { status: 404, body: 'none' } })
    await expect(api.get('things')).rejects.toMatchObject({ name: 'HTTPError', response: { status: 404 } })
  })

  it("an HTTPError carries the provider's hints, and none where the provider has none or fails", async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl } = emulator
    emulator.faults.set('api', { name: 'answer', answer: { status: 403, body: { why: 'layers' } } })
    const seen: unknown[] = []
    const failWith = async (explain: Provider['explain']): Promise<unknown> => {
      const provider = { name: 'acme', tokenEndpoint, api: apiUrl, ...(explain && { explain }) }
      const api = await createClient(provider, { credentials }).api()
      return await api.get('things').then(
        () => undefined,
        (failure: unknown) => failure,
      )
    }
    const failure = await failWith((explained) => {
      seen.push(explained)
      return ['Look at layer 1.', 'Look at layer 2.']
    })
    expect(failure).toMatchObject({ name: 'HTTPError', hints: ['Look at layer 1.', 'Look at layer 2.'] })
    expect(seen).toEqual([{ status: 403, url: new URL(`${apiUrl}/things`), body: { why: 'layers' } }])
    // A program that catches nothing prints them, too.
    expect(inspect(failure)).toContain('Look at layer 2.')
    expect(await failWith(undefined)).toMatchObject({ name: 'HTTPError', hints: [] })
    const failing = (): never => {
      throw new Error('of its own')
    }
    expect(await failWith(failing)).toMatchObject({ name: 'HTTPError', hints: [], response: { status: 403 } })
    expect(await failWith(() => 'no list' as unknown as string[])).toMatchObject({ hints: [] })
    expect(await failWith(() => ['one', 2, undefined] as string[])).toMatchObject({ hints: ['one'] })
  })

  it.each<[string, Response, string]>([
    ['of the response, after a redirect', redirectedResponse('https://api.acme.example/there'), '/there'],
    ['of the request, if the transport gives none', new Response(null, { status: 404 }), '/things'],
  ])('the hints of an HTTPError are for the URL %s', async (_what, response, path) => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const api = 'https://api.acme.example'
    const explain: Provider['explain'] = (failure) => ('url' in failure ? [`at ${failure.url.pathname}`] : [])
    const send: typeof fetch = async (input, init) => {
      const url = input instanceof Request ? input.url : `${input}`
      return url.startsWith(api) ? response : await fetch(input, init)
    }
    const client = createClient({ name: 'acme', tokenEndpoint, api, explain }, { credentials, fetch: send })
    await expect((await client.api()).get('things')).rejects.toMatchObject({ hints: [`at ${path}`] })
  })

  it('H3: a rejected token is replaced once under ky, too, with the body', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint, api: apiUrl }, { credentials })
    const api = await client.api()
    await client.token()
    emulator.faults.set('api', { name: 'revoked' })
    expect(await api.post('things', { json: { a: 1 } }).json()).toMatchObject({ body: '{"a":1}', authorized: true })
    expect(emulator.requests.filter(({ part }) => part === 'token')).toHaveLength(2)
  })

  it.each(['', '/v1', '/v1/', '/v1//'])(
    'goes to an absolute URL as it is, such as the link to the next page of a list (base "%s")',
    async (base) => {
      await using emulator = await startEmulator(standardEmulation())
      const { tokenEndpoint, credentials, apiUrl } = emulator
      const client = createClient({ name: 'odata', tokenEndpoint, api: `${apiUrl}${base}` }, { credentials })
      const api = await client.api()
      const next = `${apiUrl}/v1/things?$skiptoken=https://x.test/y`
      const expected = { path: '/api/v1/things', query: '%24skiptoken=https%3A%2F%2Fx.test%2Fy', authorized: true }
      expect(await api.get(next).json()).toMatchObject(expected)
      expect(await api.get(new URL(next)).json()).toMatchObject(expected)
      expect(await api.get(new Request(next)).json()).toMatchObject(expected)
      expect(await api.post(next, { json: { a: 1 } }).json()).toMatchObject({ ...expected, body: '{"a":1}' })
      expect(
        await api
          .extend({ headers: { 'x-own': '1' } })
          .get(next)
          .json(),
      ).toMatchObject({
        ...expected,
        headers: { 'x-own': '1' },
      })
    },
  )

  it('H1: never sends the token to an absolute URL of another origin, in any form', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl, elsewhereUrl } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint, api: apiUrl }, { credentials })
    const api = await client.api()
    for (const input of [
      elsewhereUrl,
      elsewhereUrl.replace('http', 'HTTP'),
      new URL(elsewhereUrl),
      new Request(elsewhereUrl),
    ]) {
      await expect(api.get(input).json()).rejects.toMatchObject({ code: 'origin_refused' })
      await expect(api.extend({ retry: 0 })(input).json()).rejects.toMatchObject({ code: 'origin_refused' })
      await expect(api.extend({ prefix: '' })(input).json()).rejects.toMatchObject({ code: 'origin_refused' })
    }
    expect(emulator.requests).toEqual([])
  })

  it('leaves a URL outside the base unchanged, also with an address in its query', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl, elsewhereUrl } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint, api: `${apiUrl}/long/base/v1` }, { credentials })
    const api = await client.api()
    const start = `${apiUrl}/?to=`
    const url = new URL(`${start.padEnd(`${apiUrl}/long/base/v1/`.length, '_')}${elsewhereUrl}`)
    expect(await api.get(url).json()).toMatchObject({
      path: '/api/',
      query: expect.stringMatching(/^to=_+http/),
    })
  })

  it('ky keeps its own retries, and does not retry a rejected token', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint, api: apiUrl }, { credentials })
    const api = (await client.api()).extend({ retry: { limit: 2, delay: () => 1 } })
    const count = (): number => emulator.requests.filter(({ part }) => part === 'api').length
    emulator.faults.set('api', { name: 'error', status: 503 }, { times: 2 })
    expect(await api.put('things', { json: { a: 1 } }).json()).toMatchObject({ body: '{"a":1}', authorized: true })
    expect(count()).toBe(3)
    emulator.clearRequests()
    emulator.faults.set('api', { name: 'answer', answer: { status: 401, body: 'never' } })
    await expect(api.get('things')).rejects.toMatchObject({ name: 'HTTPError', response: { status: 401 } })
    expect(count()).toBe(2)
    emulator.faults.clear('api')
    emulator.faults.set('token', { name: 'answer', answer: { status: 400, body: { error: 'invalid_scope' } } })
    emulator.clearRequests()
    await client.forget()
    await expect(api.get('things')).rejects.toMatchObject({ code: 'grant_refused' })
    expect(emulator.requests).toHaveLength(1)
  })

  it('ky keeps its hooks, timeout, search parameters, progress and abort', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint, api: apiUrl }, { credentials })
    const seen: unknown[] = []
    const api = (await client.api()).extend({
      hooks: {
        beforeRequest: [({ request }) => request.headers.set('x-hook', 'yes')],
        afterResponse: [({ response }) => void seen.push(response.status)],
      },
    })
    const uploaded: number[] = []
    const downloaded: number[] = []
    const answer = await api
      .post('things', {
        body: 'b'.repeat(100_000),
        searchParams: { page: 2 },
        onUploadProgress: ({ transferredBytes }) => void uploaded.push(transferredBytes),
        onDownloadProgress: ({ transferredBytes }) => void downloaded.push(transferredBytes),
      })
      .json()
    expect(answer).toMatchObject({ authorized: true, query: 'page=2', headers: { 'x-hook': 'yes' } })
    expect(seen).toEqual([200])
    expect(uploaded.at(-1)).toBe(100_000)
    expect(downloaded.length).toBeGreaterThan(0)
    emulator.faults.set('api', { name: 'hang' })
    await expect(api.get('things', { timeout: 50, retry: 0 })).rejects.toMatchObject({ name: 'TimeoutError' })
    const controller = new AbortController()
    const call = api.get('things', { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
  })

  it('H6: does not authorize a request that a hook has authorized', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint, api: apiUrl }, { credentials })
    const api = await client.api()
    const answer = api.get('things', { headers: { authorization: 'Bearer mine' }, throwHttpErrors: false })
    expect((await answer).status).toBe(401)
    expect(emulator.requests.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer mine'])
  })
})
