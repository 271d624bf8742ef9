import { type Client, createClient } from '@nightlatch/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { redisStore } from '../src/redis-store.ts'
import { startTokenEndpoint, type TokenEndpoint } from './fleet/token-endpoint.ts'
import { type Connected, connect } from './servers/clients.ts'
import { makeKey } from './servers/encryption-key.ts'
import { onServers } from './servers/on-servers.ts'
import { kinds, type Server, startServer } from './servers/server.ts'

onServers(kinds.map((kind) => [kind]))('clients that share a store on %s', (kind) => {
  let server: Server
  let connected: Connected
  let endpoint: TokenEndpoint
  let encryptionKeys: readonly CryptoKey[]

  beforeAll(async () => {
    server = await startServer(kind)
    connected = await connect('redis', server)
    endpoint = await startTokenEndpoint()
    encryptionKeys = [await makeKey()]
  })
  afterAll(async () => {
    await connected?.[Symbol.asyncDispose]()
    await server?.close()
    await endpoint?.[Symbol.asyncDispose]()
  })

  /** Each is a client with a memory of its own, as in another process. */
  const clientFor = (
    clientId: string,
    keys: readonly CryptoKey[] = encryptionKeys,
    clientSecret = 's3cret-credential',
  ): Client =>
    createClient(
      { name: 'fleet', tokenEndpoint: endpoint.url, scopes: [clientId] },
      {
        credentials: { clientId, clientSecret },
        store: redisStore({ client: connected.client, encryptionKeys: keys }),
      },
    )
  const grantsOf = (clientId: string): number => endpoint.askersOf(clientId).length
  const entries = async (): Promise<readonly string[]> => (await connected.send('KEYS', '*')) as string[]

  it('S4: an entry moved under another key is a miss, and the other tenant gets its own token', async () => {
    await connected.send('FLUSHALL')
    const { value: ofA } = await clientFor('tenant-a').token()
    const [entry] = (await entries()) as [string]
    await clientFor('tenant-b').token()
    const [other] = (await entries()).filter((key) => key !== entry) as [string]
    await connected.send('SET', other, String(await connected.send('GET', entry)))
    const { value } = await clientFor('tenant-b').token()
    expect(value).not.toBe(ofA)
    expect(grantsOf('tenant-b')).toBe(2)
    expect((await clientFor('tenant-a').token()).value).toBe(ofA)
    expect(grantsOf('tenant-a')).toBe(1)
  })

  it('S1, S4: an altered entry is a miss, and is overwritten', async () => {
    await connected.send('FLUSHALL')
    await clientFor('altered').token()
    const [entry] = (await entries()) as [string]
    const text = String(await connected.send('GET', entry))
    const middle = text[40] === 'A' ? 'B' : 'A'
    await connected.send('SET', entry, text.slice(0, 40) + middle + text.slice(41))
    const { value } = await clientFor('altered').token()
    expect(grantsOf('altered')).toBe(2)
    expect((await clientFor('altered').token()).value).toBe(value)
    expect(grantsOf('altered')).toBe(2)
  })

  it('S4: encryption keys are replaced without a grant', async () => {
    const [old] = encryptionKeys as [CryptoKey]
    const fresh = await makeKey()
    const steps = [[old], [old, fresh], [fresh, old]]
    const values = new Set<string>()
    for (const keys of steps) values.add((await clientFor('rotated', keys).token()).value)
    expect(values.size).toBe(1)
    expect(grantsOf('rotated')).toBe(1)
  })

  it('S2: a rejected token is replaced for all clients', async () => {
    const [one, other] = [clientFor('refused'), clientFor('refused')]
    const rejected = await one.token()
    expect((await other.token()).value).toBe(rejected.value)
    const replaced = await one.token({ rejected })
    expect(replaced.value).not.toBe(rejected.value)
    expect((await other.token({ rejected })).value).toBe(replaced.value)
    expect(grantsOf('refused')).toBe(2)
  })

  it('L3: another secret gets no token from the store, and deletes none, before the server accepted it', async () => {
    await connected.send('FLUSHALL')
    const first = await clientFor('guessed').token()
    const other = clientFor('guessed', encryptionKeys, 'another')
    await other.forget()
    expect((await clientFor('guessed').token()).value).toBe(first.value)
    const second = await other.token()
    expect(second.value).not.toBe(first.value)
    expect((await clientFor('guessed').token()).value).toBe(second.value)
    expect(grantsOf('guessed')).toBe(2)
    await other.forget()
    expect(await entries()).toEqual([])
  })

  it('S1, X1: keys and entries reveal no client, endpoint or token', async () => {
    await clientFor('s3cret-client').token()
    for (const key of await entries()) {
      expect(key).toMatch(/^nightlatch:\{[\w.-]+\}/)
      expect(Number(await connected.send('PTTL', key))).toBeGreaterThan(0)
      expect(key + String(await connected.send('GET', key))).not.toMatch(/s3cret|token-|127\.0\.0\.1/)
    }
  })
})
