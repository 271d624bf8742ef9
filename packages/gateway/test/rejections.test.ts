import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { startTrial, type Trial } from './start-trial.ts'

/** The API rejects the token that it has seen first. */
async function rejectCurrent(trial: Trial): Promise<void> {
  await fetch(`${trial.url}/orders/first`)
  const token = trial.received[0]?.headers.authorization?.slice(7)
  if (token !== undefined) trial.rejected.add(token)
  trial.received.length = 0
}

const stream = (...chunks: readonly string[]): { body: ReadableStream; duplex: 'half' } => ({
  body: Readable.toWeb(Readable.from(chunks.map((chunk) => Buffer.from(chunk)))) as ReadableStream,
  duplex: 'half',
})

describe('a 401 of the API', () => {
  it('heals for a request without a body: another token, and the caller sees nothing', async () => {
    await using trial = await startTrial()
    await rejectCurrent(trial)
    expect((await fetch(`${trial.url}/orders/a`)).status).toBe(200)
    expect(trial.grants()).toBe(2)
    await trial.gateway.close()
    expect(trial.audit[1]).toMatchObject({ status: 200, attempts: 2 })
  })

  it('heals for a body up to replayBytes', async () => {
    await using trial = await startTrial({ upstream: { replayBytes: 1000 } })
    await rejectCurrent(trial)
    const body = 'x'.repeat(1000)
    const response = await fetch(`${trial.url}/orders/a`, { method: 'POST', body })
    expect(await response.json()).toMatchObject({ body })
    expect(trial.received).toHaveLength(1)
  })

  it('heals for a streamed body of unknown length up to replayBytes', async () => {
    await using trial = await startTrial({ upstream: { replayBytes: 1000 } })
    await rejectCurrent(trial)
    const response = await fetch(`${trial.url}/orders/a`, { method: 'POST', ...stream('a', 'b', 'c') } as RequestInit)
    expect(await response.json()).toMatchObject({ body: 'abc' })
    expect(trial.received).toHaveLength(1)
    expect(trial.received[0]?.headers['content-length']).toBe('3')
  })

  it.each([
    ['a larger body', (): RequestInit => ({ body: 'x'.repeat(1001) })],
    ['a larger streamed body', (): RequestInit => stream('x'.repeat(600), 'x'.repeat(600)) as RequestInit],
  ])('%s: 502 upstream_refused, and the next request gets another token', async (_name, body) => {
    await using trial = await startTrial({ upstream: { replayBytes: 1000 } })
    await rejectCurrent(trial)
    const response = await fetch(`${trial.url}/orders/a`, { method: 'POST', ...body() })
    expect(response.status).toBe(502)
    expect(response.headers.get('nightlatch-error')).toBe('upstream_refused')
    expect(response.headers.get('www-authenticate')).toBeNull()
    expect(await response.text()).not.toContain('secret-realm')
    expect(trial.grants()).toBe(1)
    expect((await fetch(`${trial.url}/orders/a`, { method: 'POST', ...body() })).status).toBe(200)
    expect(trial.grants()).toBe(2)
  })

  it('to a second, fresh token is 502 upstream_refused after two attempts', async () => {
    await using trial = await startTrial({
      api: (request, response) => {
        request.resume()
        response.writeHead(401, { 'www-authenticate': 'Bearer realm="secret-realm"' }).end()
        return true
      },
    })
    const response = await fetch(`${trial.url}/orders/a`)
    expect(response.status).toBe(502)
    expect(await response.json()).toMatchObject({ code: 'upstream_refused' })
    await trial.gateway.close()
    expect(trial.audit[0]).toMatchObject({ status: 502, attempts: 2 })
  })

  it.each([500, 502, 503, 504, 429, 408])('%d is handed on after one attempt, for GET as well', async (status) => {
    let requests = 0
    await using trial = await startTrial({
      api: (_request, response) => {
        requests += 1
        response.writeHead(status, { 'retry-after': '1' }).end('theirs')
        return true
      },
    })
    const response = await fetch(`${trial.url}/orders/a`)
    expect(response.status).toBe(status)
    expect(await response.text()).toBe('theirs')
    expect(response.headers.get('nightlatch-error')).toBeNull()
    expect(requests).toBe(1)
  })
})

describe('a body', () => {
  it.each([
    ['with a length', (): RequestInit => ({ body: 'x'.repeat(101) })],
    ['without a length', (): RequestInit => stream('x'.repeat(60), 'x'.repeat(60)) as RequestInit],
  ])('%s that is too large is 413', async (_name, body) => {
    await using trial = await startTrial({ upstream: { maxBodyBytes: 100, replayBytes: 10 } })
    const response = await fetch(`${trial.url}/orders/a`, { method: 'POST', ...body() })
    expect(response.status).toBe(413)
    expect(response.headers.get('nightlatch-error')).toBe('body_too_large')
    expect(trial.received).toEqual([])
    expect((await fetch(`${trial.url}/orders/a`, { method: 'POST', body: 'x'.repeat(100) })).status).toBe(200)
  })

  it('of a GET is forwarded', async () => {
    await using trial = await startTrial()
    const { request } = await import('undici')
    const { body } = await request(`${trial.url}/orders/a`, { method: 'GET', body: '{"query":1}' })
    expect(await body.json()).toMatchObject({ method: 'GET', body: '{"query":1}' })
  })
})
