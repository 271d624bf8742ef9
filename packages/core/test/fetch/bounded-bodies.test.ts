import { describe, expect, it } from 'vitest'
import { boundBodies } from '../../src/fetch/bounded-bodies.ts'

const limit = 1024 * 1024

/** A `fetch` that returns this response. */
function boundedFetch(response: Response): () => Promise<Response> {
  const fetch = boundBodies(() => Promise.resolve(response), 'acme')
  return () => fetch('https://api.acme.example/where')
}

describe('boundBodies', () => {
  it('G7: a body of 1 MiB is read', async () => {
    const response = await boundedFetch(new Response('x'.repeat(limit)))()
    expect(await response.text()).toHaveLength(limit)
  })

  it('G7: a body of 1 MiB and one byte fails with a NightlatchError', async () => {
    const response = await boundedFetch(new Response('x'.repeat(limit + 1), { status: 203 }))()
    await expect(response.text()).rejects.toMatchObject({
      name: 'NightlatchError',
      code: 'discovery_failed',
      provider: 'acme',
      status: 203,
      message: expect.stringMatching(/^acme: .*more than 1 MiB.* Check the URL /),
    })
  })

  it('G7: the sizes of all chunks are added up', async () => {
    let pulls = 0
    const endless = new ReadableStream({
      pull(controller) {
        pulls += 1
        controller.enqueue(new Uint8Array(limit / 4))
      },
    })
    const response = await boundedFetch(new Response(endless))()
    await expect(response.arrayBuffer()).rejects.toMatchObject({ code: 'discovery_failed' })
    expect(pulls).toBeLessThan(12)
  })

  it('keeps status, headers, url and redirected', async () => {
    const given = new Response('{}', { status: 201, statusText: 'Made', headers: { 'x-part': 'one' } })
    Object.defineProperties(given, { url: { value: 'https://api.acme.example/found' }, redirected: { value: true } })
    const response = await boundedFetch(given)()
    expect(response).toMatchObject({ status: 201, statusText: 'Made', redirected: true })
    expect(response.url).toBe('https://api.acme.example/found')
    expect(response.headers.get('x-part')).toBe('one')
  })

  it('returns a response without a body as it is', async () => {
    const empty = new Response(null, { status: 204 })
    expect(await boundedFetch(empty)()).toBe(empty)
  })
})
