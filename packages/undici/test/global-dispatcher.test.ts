import { clientSecretPost, createClient } from '@nightlatch/core'
import { Agent, getGlobalDispatcher, request, setGlobalDispatcher, fetch as undiciFetch } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { nightlatchInterceptor } from '../src/index.ts'
import { clientOf, sendJson, startLoopback } from './loopback.ts'

/** A client that knows only the platform's `fetch`, and an Agent with its interceptor that makes all of the process's requests. */
async function startGlobal(provider: Parameters<typeof clientOf>[1] = {}, options: Agent.Options = {}) {
  const home = await startLoopback()
  const away = await startLoopback()
  const { client } = clientOf(home, provider)
  const former = getGlobalDispatcher()
  const agent = new Agent(options).compose(nightlatchInterceptor(client, { foreignOrigins: 'passThrough' }))
  setGlobalDispatcher(agent)
  onTestFinished(async () => {
    setGlobalDispatcher(former)
    await agent.destroy()
    await home.close()
    await away.close()
  })
  return { home, away, client }
}

describe('as the global dispatcher', () => {
  it('authorizes global fetch and sends requests to other origins unchanged', async () => {
    const { home, away } = await startGlobal()
    const answers = await Promise.all([
      fetch(`${home.origin}/api/x`).then((response) => response.json()),
      undiciFetch(`${home.origin}/api/x`).then((response) => response.json()),
      request(`${home.origin}/api/x`).then(({ body }) => body.json()),
      fetch(`${away.origin}/x`, { method: 'POST', body: 'a' }).then((response) => response.json()),
    ])
    expect(answers).toMatchObject([
      { token: 'token-1' },
      { token: 'token-1' },
      { token: 'token-1' },
      { token: null, body: 'a' },
    ])
    expect(home.grants).toHaveLength(1)
  })

  it('H3: replaces a token that the API rejected for global fetch', async () => {
    const { home } = await startGlobal()
    home.revoked.add('token-1')
    const response = await fetch(`${home.origin}/api/x`)
    expect([response.status, await response.json()]).toEqual([200, expect.objectContaining({ token: 'token-2' })])
  })

  const grants = {
    'a Basic header': {},
    'credentials in the body': { clientAuthentication: clientSecretPost() },
    'parameters in the query': { tokenRequest: { method: 'GET', bodyFormat: 'none' } },
  } as const
  for (const [name, provider] of Object.entries(grants)) {
    it(`does not block the client’s own token request: ${name}, one connection and a rejected token`, async () => {
      const { home } = await startGlobal(provider, { connections: 1 })
      home.revoked.add('token-1')
      const answer = await (await fetch(`${home.origin}/api/x`)).json()
      expect(answer).toMatchObject({ token: 'token-2' })
      for (const { headers } of home.grants) expect(headers.authorization ?? 'Basic').toMatch(/^Basic/)
    })
  }

  it('does not block the client’s request for its issuer’s metadata', async () => {
    const { home } = await startGlobal()
    const { origin } = home
    home.answers.set('/.well-known/oauth-authorization-server', (_request, response) =>
      sendJson(response, 200, { issuer: origin, token_endpoint: `${origin}/token` }),
    )
    const client = createClient(
      { name: 'issued', issuer: origin, api: `${origin}/api`, clientAuthentication: clientSecretPost() },
      { credentials: { clientId: 'robot', clientSecret: 'not to be seen' } },
    )
    const agent = new Agent().compose(nightlatchInterceptor(client, { foreignOrigins: 'passThrough' }))
    onTestFinished(() => agent.destroy())
    setGlobalDispatcher(agent)
    expect(await (await fetch(`${origin}/api/x`)).json()).toMatchObject({ token: 'token-1' })
    for (const { target, headers } of home.requests) {
      expect(headers.authorization).toBe(target === '/api/x' ? 'Bearer token-1' : undefined)
    }
  })

  it('does not interfere with client.fetch', async () => {
    const { home, client } = await startGlobal()
    home.revoked.add('token-1').add('token-2')
    expect((await client.fetch(`${home.origin}/api/x`)).status).toBe(401)
    expect(home.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2'])
  })

  it('authorizes two clients, each for its own API', async () => {
    const { home, away, client } = await startGlobal()
    const other = clientOf(away).client
    away.answers.set('/token', (_request, response) => sendJson(response, 200, { access_token: 'other' }))
    const pass = { foreignOrigins: 'passThrough' } as const
    const agent = new Agent().compose(nightlatchInterceptor(client, pass), nightlatchInterceptor(other, pass))
    onTestFinished(() => agent.destroy())
    setGlobalDispatcher(agent)
    expect(await (await fetch(`${home.origin}/api/x`)).json()).toMatchObject({ token: 'token-1' })
    expect(await (await fetch(`${away.origin}/api/x`)).json()).toMatchObject({ token: 'other' })
  })
})
