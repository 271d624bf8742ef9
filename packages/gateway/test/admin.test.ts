import { describe, expect, it } from 'vitest'
import { digestOf, key, startTrial } from './start-trial.ts'

const json = { headers: { accept: 'application/json' } }

describe('the admin listener', () => {
  it('says that the gateway lives, and whether its clients have tokens', async () => {
    await using trial = await startTrial()
    expect((await fetch(`${trial.adminUrl}/live`)).status).toBe(200)
    const ready = await fetch(`${trial.adminUrl}/ready`)
    expect({ status: ready.status, body: await ready.json() }).toEqual({
      status: 200,
      body: { ready: true, clients: { orders: { ready: true } } },
    })
    expect((await fetch(`${trial.adminUrl}/ready?client=orders`)).status).toBe(200)
    expect((await fetch(`${trial.adminUrl}/ready?client=other`)).status).toBe(404)
    expect((await fetch(`${trial.adminUrl}/other`)).status).toBe(404)
    expect((await fetch(`${trial.adminUrl}/live`, { method: 'POST' })).status).toBe(405)
    expect((await fetch(`${trial.adminUrl}/live`, { headers: { origin: 'https://evil.example' } })).status).toBe(403)
  })

  it('says which client is not ready, and why', async () => {
    await using trial = await startTrial()
    trial.emulator.rotateSecret()
    const ready = await fetch(`${trial.adminUrl}/ready`)
    expect({ status: ready.status, body: await ready.json() }).toEqual({
      status: 503,
      body: { ready: false, clients: { orders: { ready: false, code: 'grant_refused' } } },
    })
    const status = (await (await fetch(trial.adminUrl, json)).json()) as { clients: Record<string, unknown>[] }
    expect(status.clients[0]).toMatchObject({
      name: 'orders',
      provider: 'acme',
      state: 'refused',
      retryAt: expect.any(String),
      failedGrants: 1,
      failure: { code: 'grant_refused', error: 'invalid_client' },
    })
    const page = await (await fetch(trial.adminUrl)).text()
    expect(page).toContain('Problem with 1 of 1 clients: orders.')
    expect(page).toContain('grant_refused, invalid_client')
  })

  it('shows the state of clients and the requests, as JSON and as HTML without script', async () => {
    await using trial = await startTrial({ config: { callers: { powerbi: { keys: [digestOf(key)] } } } })
    const headers = { authorization: `Bearer ${key}` }
    await fetch(`${trial.url}/orders/a`, { headers })
    await fetch(`${trial.url}/orders/a`)
    const status = await (await fetch(trial.adminUrl, json)).json()
    expect(status).toMatchObject({
      clients: [
        { state: 'fresh', grants: 1, lastGrant: expect.any(String), nextRefresh: expect.any(String), store: 'none' },
      ],
      requests: [
        { caller: 'powerbi', upstream: 'orders', requests: 1, failed: 0 },
        { caller: null, upstream: null, requests: 1, failed: 1 },
      ],
    })
    const response = await fetch(trial.adminUrl, { headers: { accept: 'text/html,application/json' } })
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    const page = await response.text()
    expect(page).not.toMatch(/<script|javascript:|https?:\/\//i)
    expect(page).toContain('<html lang="en">')
    expect(page).toContain('name="viewport"')
    expect(page).toContain('prefers-color-scheme: dark')
    expect(page.match(/<caption>/g)).toHaveLength(2)
    expect(page.match(/<th scope="col"/g)?.length).toBe(11)
    expect(page).toContain('<th scope="row">powerbi</th>')
    expect(page).toContain('All clients are healthy.')
  })

  it('has metrics in Prometheus’s text format', async () => {
    await using trial = await startTrial()
    for (let time = 0; time < 3; time += 1) await fetch(`${trial.url}/orders/a`, { method: 'POST', body: 'hello' })
    await fetch(`${trial.url}/nowhere`)
    const response = await fetch(`${trial.adminUrl}/metrics`)
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4')
    const text = await response.text()
    const lines = text.split('\n')
    expect(lines).toContain('nightlatch_gateway_requests_total{caller="",upstream="orders",status="200"} 3')
    expect(lines).toContain('nightlatch_gateway_requests_total{caller="",upstream="",status="404"} 1')
    expect(lines).toContain('nightlatch_gateway_request_bytes_total{caller="",upstream="orders"} 15')
    expect(lines).toContain('nightlatch_gateway_attempts_total{caller="",upstream="orders"} 3')
    expect(lines).toContain('nightlatch_gateway_request_duration_seconds_count{caller="",upstream="orders"} 3')
    expect(lines).toContain(
      'nightlatch_gateway_request_duration_seconds_bucket{caller="",upstream="orders",le="+Inf"} 3',
    )
    expect(lines).toContain('nightlatch_gateway_token_state{client="orders",state="fresh"} 1')
    expect(lines).toContain('nightlatch_gateway_grants_total{client="orders",result="granted"} 1')
    expect(lines).toContain('nightlatch_gateway_requests_in_progress{caller=""} 0')
    // A second collection counts nothing twice.
    expect(await (await fetch(`${trial.adminUrl}/metrics`)).text()).toContain('orders",status="200"} 3')
  })
})

it('no secret, token or key of a caller is in any output, page, metric or answer', async () => {
  const answers: string[] = []
  const keep = async (response: Response): Promise<void> => {
    answers.push(JSON.stringify([...response.headers]), await response.text())
  }
  await using trial = await startTrial({
    config: {
      callers: { powerbi: { keys: [digestOf(key)] } },
      tokens: { orders: { callers: ['powerbi'] } },
    },
    upstream: { replayBytes: 10 },
  })
  const headers = { authorization: `Bearer ${key}` }
  // The API echoes the query, which the audit log has not.
  await (await fetch(`${trial.url}/orders/a?api_key=${key}`, { headers })).text()
  const token = trial.received[0]?.headers.authorization?.slice(7) ?? ''
  expect(token).not.toBe('')
  trial.rejected.add(token)
  await keep(await fetch(`${trial.url}/orders/a`, { method: 'POST', headers, body: 'x'.repeat(100) }))
  const rotated = trial.emulator.rotateSecret()
  await keep(await fetch(`${trial.url}/orders/b`, { headers }))
  await keep(
    await fetch(`${trial.url}/orders/b`, {
      headers: { authorization: `Basic ${Buffer.from(`powerbi:${key}x`).toString('base64')}` },
    }),
  )
  await keep(await fetch(`${trial.url}/token/orders`, { method: 'POST', headers, body: 'grant_type=password' }))
  for (const path of ['/', '/ready', '/metrics', '/live']) await keep(await fetch(`${trial.adminUrl}${path}`))
  await keep(await fetch(trial.adminUrl, json))
  await trial.gateway.close()
  const everything = answers.join('\n') + JSON.stringify(trial.audit)
  const { clientSecret } = trial.emulator.credentials
  for (const secret of [key, token, clientSecret, rotated.clientSecret, digestOf(key).slice(7)]) {
    expect(everything.includes(secret)).toBe(false)
    expect(everything.includes(Buffer.from(secret).toString('base64'))).toBe(false)
  }
  expect(everything).toContain('token_unavailable')
})
