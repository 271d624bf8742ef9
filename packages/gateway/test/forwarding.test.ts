import { describe, expect, it } from 'vitest'
import { startTrial } from './start-trial.ts'

describe('forwarding', () => {
  it('sends method, path, query, headers and body with a token, and hands the answer on', async () => {
    await using trial = await startTrial()
    const response = await fetch(`${trial.url}/orders/a/b?c=d&e=%20`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'x-own': 'yes', authorization: 'Bearer mine', cookie: 'a=b' },
      body: 'hello',
    })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ method: 'POST', url: '/v2/a/b?c=d&e=%20', body: 'hello' })
    const [received] = trial.received
    expect(received?.headers).toMatchObject({ 'content-type': 'text/plain', 'x-own': 'yes', 'content-length': '5' })
    expect(received?.headers.authorization).toMatch(/^Bearer ey/)
    expect(received?.headers).not.toHaveProperty('cookie')
    expect(trial.grants()).toBe(1)
    await trial.gateway.close()
    expect(trial.audit).toEqual([
      {
        event: 'request',
        time: expect.stringMatching(/^20\d\d-\d\d-\d\dT.*\.\d{3}Z$/),
        caller: null,
        upstream: 'orders',
        rule: 'allow[0]',
        method: 'POST',
        path: '/orders/a/b',
        status: 200,
        bytesIn: 5,
        bytesOut: expect.any(Number),
        ms: expect.any(Number),
        attempts: 1,
        tokenAge: expect.any(Number),
      },
    ])
  })
})
