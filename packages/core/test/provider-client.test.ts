import { describe, expect, it } from 'vitest'
import { createSharedParts } from '../src/client-parts.ts'
import type { Provider } from '../src/index.ts'
import { ProviderClient } from '../src/provider-client.ts'

const acme: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }

function create(answer: () => Promise<Response>) {
  const parts = createSharedParts(acme, { fetch: answer })
  return new ProviderClient(parts, parts.createReader({ clientId: 'app', clientSecret: 'secret' }, {}))
}

describe('ProviderClient, for its pool', () => {
  it('has a turn while it was used since the last one', () => {
    const client = create(() => new Promise(() => {}))
    expect(ProviderClient.wasUsedSinceLastTurn(client)).toBe(false)
    ProviderClient.markUsed(client)
    expect(ProviderClient.wasUsedSinceLastTurn(client)).toBe(true)
    expect(ProviderClient.wasUsedSinceLastTurn(client)).toBe(false)
  })

  it('has a turn while a token request is in flight', async () => {
    const { promise, resolve } = Promise.withResolvers<Response>()
    const client = create(() => promise)
    const token = client.token()
    expect(ProviderClient.wasUsedSinceLastTurn(client)).toBe(true)
    resolve(Response.json({ access_token: 'a', token_type: 'Bearer', expires_in: 3600 }))
    await token
    expect(ProviderClient.wasUsedSinceLastTurn(client)).toBe(false)
  })
})

describe('a method without its client', () => {
  it.each(['token', 'api', 'info', 'forget', 'revoke', 'close'] as const)('%s says how to call it', async (name) => {
    const { [name]: method } = create(() => new Promise(() => {}))
    await expect(Reflect.apply(method, undefined, [])).rejects.toThrow(`client.${name}() was called without its client`)
  })
})
