import { standardEmulation, startEmulator } from '@latchkey/testing'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../src/index.ts'

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

  it('is one instance, with ky left as it is: JSON bodies, HTTPError for what is not 2xx', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint, api: apiUrl }, { credentials })
    const api = await client.api()
    expect(await client.api()).toBe(api)
    expect(await api.post('things', { json: { a: 1 } }).json()).toMatchObject({ body: '{"a":1}' })
    emulator.faults.set('api', { name: 'answer', answer: { status: 404, body: 'none' } })
    await expect(api.get('things')).rejects.toMatchObject({ name: 'HTTPError', response: { status: 404 } })
  })

  it('H3: a refused token is replaced once under ky, too, body and all', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint, api: apiUrl }, { credentials })
    const api = await client.api()
    await client.token()
    emulator.faults.set('api', { name: 'revoked' })
    expect(await api.post('things', { json: { a: 1 } }).json()).toMatchObject({ body: '{"a":1}', authorized: true })
    expect(emulator.requests.filter(({ part }) => part === 'token')).toHaveLength(2)
  })
})
