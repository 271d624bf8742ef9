import { createClock, standardEmulation, startEmulator } from '@nightlatch/testing'
import { describe, expect, it, vi } from 'vitest'
import { type ClientPoolOptions, createClientPool, memoryStore, type Provider } from '../src/index.ts'

const secretOf = (tenant: string): { clientId: string; clientSecret: string } => ({
  clientId: tenant,
  clientSecret: `secret of ${tenant}`,
})

/** An authorization server that knows every tenant, by the tenant's own secret. */
async function start() {
  let issued = 0
  const emulator = await startEmulator(
    standardEmulation({
      answerToken: (request) => {
        const [, pair = ''] = (request.headers.get('authorization') ?? '').split(' ')
        const [id = '', secret = ''] = Buffer.from(pair, 'base64').toString().split(':').map(decode)
        if (secret !== `secret of ${id}`) return { status: 401, body: { error: 'invalid_client' } }
        issued += 1
        return { body: { access_token: `${id}-${issued}`, expires_in: 3600 } }
      },
    }),
  )
  const provider: Provider = { name: 'acme', tokenEndpoint: emulator.tokenEndpoint, api: emulator.apiUrl }
  return { emulator, provider, [Symbol.asyncDispose]: () => emulator.close() }
}

const decode = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '))

describe('client pool', () => {
  it('L3: a thousand callers over a hundred tenants cost a hundred grants, and nobody gets another’s token', async () => {
    await using bench = await start()
    const pool = createClientPool(bench.provider, { credentials: secretOf, timeout: 60 })
    const tokens = await Promise.all(
      Array.from({ length: 1000 }, async (_, call) => {
        const tenant = `tenant-${call % 100}`
        return { tenant, value: (await pool.client(tenant).token()).value }
      }),
    )
    expect(bench.emulator.requests).toHaveLength(100)
    for (const { tenant, value } of tokens) expect(value.startsWith(`${tenant}-`)).toBe(true)
  })

  it('L3: with one store for all, tenants are as apart as without', async () => {
    await using bench = await start()
    const store = memoryStore()
    const tokenOf = async (tenant: string): Promise<string> =>
      (await createClientPool(bench.provider, { credentials: secretOf, store }).client(tenant).token()).value
    const [a, b] = [await tokenOf('a'), await tokenOf('b')]
    expect(await tokenOf('a')).toBe(a)
    expect(await tokenOf('b')).toBe(b)
    expect(a).not.toBe(b)
    expect(bench.emulator.requests).toHaveLength(2)
  })

  it('S3: a failed store is reported with the label of the tenant, if each tenant has a provider of its own', async () => {
    await using bench = await start()
    const labels: (string | undefined)[] = []
    const store = { ...memoryStore(), get: async () => await Promise.reject(new Error('down')) }
    const onEvent: ClientPoolOptions['onEvent'] = (event) => {
      if (event.type === 'store.failed') labels.push(event.label)
    }
    const pool = createClientPool(() => bench.provider, { credentials: secretOf, store, onEvent })
    await pool.client('a').token()
    expect(labels).toEqual(['a'])
  })

  it('answers the same client for a tenant, and asks for its credentials when they are needed', async () => {
    await using bench = await start()
    const asked: string[] = []
    const pool = createClientPool(bench.provider, {
      credentials: async (tenant) => {
        asked.push(tenant)
        return secretOf(tenant)
      },
    })
    const client = pool.client('a')
    expect(pool.client('a')).toBe(client)
    expect(asked).toEqual([])
    await client.token()
    await client.token({ scopes: ['more'] })
    expect(asked).toEqual(['a'])
    expect(client.provider.name).toBe('acme')
  })

  it("L7: one tenant's refusal is that tenant's", async () => {
    await using bench = await start()
    const credentials = (tenant: string) => ({
      clientId: tenant,
      clientSecret: tenant === 'bad' ? 'x' : `secret of ${tenant}`,
    })
    const pool = createClientPool(bench.provider, { credentials })
    await expect(pool.client('bad').token()).rejects.toMatchObject({ error: 'invalid_client' })
    expect((await pool.client('good').token()).value).toMatch(/^good-/)
  })

  it('is bounded: who was not asked for longest goes', async () => {
    await using bench = await start()
    const pool = createClientPool(bench.provider, { credentials: secretOf, maxClients: 2 })
    const [a, b] = [pool.client('a'), pool.client('b')]
    expect(pool.client('a')).toBe(a)
    pool.client('c')
    expect(pool.client('a')).toBe(a)
    expect(pool.client('b')).not.toBe(b)
  })

  it('is bounded, though all were asked for again: the first of them goes', async () => {
    await using bench = await start()
    const pool = createClientPool(bench.provider, { credentials: secretOf, maxClients: 2 })
    const [a, b] = [pool.client('a'), pool.client('b')]
    for (const tenant of ['a', 'b', 'a', 'b']) pool.client(tenant)
    pool.client('c')
    expect(pool.client('b')).toBe(b)
    expect(pool.client('a')).not.toBe(a)
  })

  it('L4: a client with a token request in flight is not evicted, so that its tenant has no second one', async () => {
    await using bench = await start()
    const answers: (() => void)[] = []
    const fetch: typeof globalThis.fetch = async (...request) => {
      await new Promise<void>((resolve) => answers.push(resolve))
      return await globalThis.fetch(...request)
    }
    const pool = createClientPool(bench.provider, { credentials: secretOf, maxClients: 1, fetch })
    const first = pool.client('a').token()
    await vi.waitFor(() => expect(answers).toHaveLength(1), 20_000)
    const other = pool.client('b').token()
    await vi.waitFor(() => expect(answers).toHaveLength(2), 20_000)
    const second = pool.client('a').token()
    for (const answer of answers) answer()
    expect((await first).value).toBe((await second).value)
    expect((await other).value).toMatch(/^b-/)
    expect(bench.emulator.requests).toHaveLength(2)
  })

  it('evicts a client when its place is needed, and not sooner', async () => {
    await using bench = await start()
    const clock = createClock()
    const pool = createClientPool(bench.provider, { credentials: secretOf, maxClients: 3, now: clock.now })
    const idle = pool.client('idle')
    clock.advance(24 * 3600)
    pool.client('b')
    pool.client('c')
    expect(pool.client('idle')).toBe(idle)
    for (const tenant of ['b', 'c', 'd', 'b', 'c', 'e']) pool.client(tenant)
    expect(pool.client('idle')).not.toBe(idle)
  })

  it('takes a key to bind tokens to, where the provider is a function of the tenant', async () => {
    await using bench = await start()
    const dpopKey = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
    const options = { credentials: secretOf, dpopKey }
    expect(createClientPool(() => ({ ...bench.provider, dpop: true }), options).client('a')).toBeDefined()
    expect(() => createClientPool(() => bench.provider, options).client('a')).toThrow(/options\.dpopKey is for/)
    expect(() => createClientPool(bench.provider, options)).toThrow(/options\.dpopKey is for/)
  })

  it('P4: a provider may be a function of the tenant, and is checked for each', async () => {
    await using bench = await start()
    const described = (tenant: string): Provider => ({
      ...bench.provider,
      tokenEndpoint: tenant === 'wrong' ? 'nonsense' : `${String(bench.provider.tokenEndpoint)}?tenant=${tenant}`,
    })
    const pool = createClientPool(described, { credentials: secretOf })
    await pool.client('a').token()
    expect(bench.emulator.requests[0]?.query.get('tenant')).toBe('a')
    expect(() => pool.client('wrong')).toThrow(/provider\.tokenEndpoint must be an absolute URL/)
  })

  it('closes all it holds', async () => {
    await using bench = await start()
    await using pool = createClientPool(bench.provider, { credentials: secretOf })
    const client = pool.client('a')
    const token = await client.token()
    await pool.close()
    expect(await client.token()).toBe(token)
    expect(pool.client('a')).not.toBe(client)
    const last = pool.client('a')
    await pool[Symbol.asyncDispose]()
    expect(pool.client('a')).not.toBe(last)
  })

  it.each([
    [{ credentials: secretOf, maxClients: 0 }, 'options.maxClients '],
    [{ credentials: secretOf, maxClients: 1.5 }, 'options.maxClients '],
    [{ credentials: { clientId: 'me', clientSecret: 'marked-secret' } }, 'options.credentials must be a function'],
    [{}, 'options.credentials '],
    [{ credentials: secretOf, timeout: -1 }, 'options.timeout '],
    [{ credentials: secretOf, maxClient: 1 }, 'Unknown option `maxClient`. Did you mean `maxClients`?'],
    [undefined, 'options'],
  ])('refuses %o by path', async (options, path) => {
    await using bench = await start()
    const create = () => createClientPool(bench.provider, options as unknown as ClientPoolOptions)
    expect(create).toThrow(path)
    expect(create).not.toThrow('marked-secret')
  })

  it('refuses wrong options at once, though the provider is a function of the tenant', async () => {
    await using bench = await start()
    const options = { credentials: secretOf, timeout: '10', typo: 1 } as unknown as ClientPoolOptions
    expect(() => createClientPool(() => bench.provider, options)).toThrow(/options\.timeout .*Unknown option `typo`/)
  })

  it('refuses a tenant without a name', async () => {
    await using bench = await start()
    const pool = createClientPool(bench.provider, { credentials: secretOf })
    expect(() => pool.client('')).toThrow(/tenant must be a name/)
    expect(() => pool.client(undefined as unknown as string)).toThrow(/tenant must be a name/)
  })
})
