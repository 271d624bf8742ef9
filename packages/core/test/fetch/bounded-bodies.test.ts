import { describe, expect, it } from 'vitest'
import { boundBodies } from '../../src/fetch/bounded-bodies.ts'

const limit = 1024 * 1024

/** A `fetch` that answers with this, and tells whether reading was given up. */
function answering(chunks: number, size: number): { fetch: typeof globalThis.fetch; cancelled: () => unknown } {
  let cancelled: unknown = false
  let sent = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent === chunks) controller.close()
      else controller.enqueue(new Uint8Array(size))
      sent += 1
    },
    cancel() {
      cancelled = true
    },
  })
  const response = new Response(body, { status: 203, statusText: 'Said', headers: { 'x-own': '1' } })
  Object.defineProperties(response, { url: { value: 'https://api.acme.test/info' }, redirected: { value: true } })
  return { fetch: boundBodies(async () => response, 'acme'), cancelled: () => cancelled }
}

describe('a response whose body is bounded', () => {
  it('is the same in all else', async () => {
    const { fetch } = answering(16, limit / 16)
    const response = await fetch('https://api.acme.test/')
    const { status, statusText, url, redirected, headers } = response
    expect({ status, statusText, url, redirected, own: headers.get('x-own') }).toEqual({
      status: 203,
      statusText: 'Said',
      url: 'https://api.acme.test/info',
      redirected: true,
      own: '1',
    })
    expect((await response.arrayBuffer()).byteLength).toBe(limit)
  })

  it('G7: cannot be read beyond 1 MiB, and is not read on', async () => {
    const { fetch, cancelled } = answering(Number.POSITIVE_INFINITY, limit / 16)
    await expect((await fetch('https://api.acme.test/')).text()).rejects.toMatchObject({
      code: 'discovery_failed',
      provider: 'acme',
      status: 203,
    })
    await expect.poll(cancelled).toBe(true)
  })

  it('is itself where it has no body', async () => {
    const response = new Response(null, { status: 204 })
    expect(await boundBodies(async () => response, 'acme')('https://api.acme.test/')).toBe(response)
  })
})
