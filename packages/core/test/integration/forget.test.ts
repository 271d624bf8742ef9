import { standardEmulation, startEmulator } from '@nightlatch/testing'
import { describe, expect, it } from 'vitest'
import {
  type Client,
  clientAssertion,
  createClient,
  createClientPool,
  hostLabel,
  memoryStore,
  NightlatchError,
  type Provider,
} from '../../src/index.ts'

/** A JWT in compact form with these claims; nothing here checks its signature. */
function jwtOf(claims: object): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${encode({ alg: 'none' })}.${encode(claims)}.c2ln`
}

describe('what forget() and revoke() drop', () => {
  it('L8: a view drops its own token, and not the credentials of the client', async () => {
    await using emulator = await startEmulator(standardEmulation())
    let reads = 0
    const client = createClient(
      { name: 'acme', tokenEndpoint: emulator.tokenEndpoint },
      {
        credentials: () => {
          reads += 1
          return emulator.credentials
        },
      },
    )
    await client.token()
    const view = client.with({ parameters: { audience: 'files' } })
    await view.token()
    await view.forget()
    await view.token()
    expect(reads).toBe(1)
    await client.forget()
    await client.token()
    expect(reads).toBe(2)
  })

  it('L8: revoke() uses the credentials that it has, though they could not be read again', async () => {
    await using emulator = await startEmulator(standardEmulation())
    let isVaultDown = false
    const { tokenEndpoint, revocationEndpoint } = emulator
    const client = createClient(
      { name: 'acme', tokenEndpoint, ...(revocationEndpoint !== undefined && { revocationEndpoint }) },
      { credentials: () => (isVaultDown ? Promise.reject(new Error('vault down')) : emulator.credentials) },
    )
    await client.token()
    isVaultDown = true
    await client.close({ revoke: true })
    expect(emulator.requests.filter(({ part }) => part === 'revocation')).toHaveLength(1)
  })

  it('L12: the client drops what its views discovered, too', async () => {
    await using emulator = await startEmulator(standardEmulation())
    let discoveries = 0
    const provider: Provider<number> = {
      name: 'acme',
      tokenEndpoint: emulator.tokenEndpoint,
      async api() {
        discoveries += 1
        return { baseUrl: emulator.apiUrl, info: discoveries }
      },
      apiOrigins: [new URL(emulator.apiUrl).origin],
    }
    const client: Client<number> = createClient(provider, { credentials: emulator.credentials })
    const view = client.with({ parameters: { audience: 'files' } })
    expect([await client.info(), await view.info()]).toEqual([1, 2])
    await view.forget()
    expect([await client.info(), await view.info()]).toEqual([1, 3])
    await client.forget()
    expect([await client.info(), await view.info()]).toEqual([4, 5])
  })
})

describe('a token of another workload', () => {
  it('L3: is stored for the JWT that got it, not for the one before', async () => {
    const tokens: string[] = []
    let isFirst = true
    const exp = Math.floor(Date.now() / 1000) + 600
    const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
      const { sub } = JSON.parse(
        Buffer.from(
          new URLSearchParams(String(init?.body)).get('client_assertion')?.split('.')[1] ?? '',
          'base64url',
        ).toString(),
      )
      if (isFirst) {
        isFirst = false
        return Response.json({ error: 'invalid_client' }, { status: 401 })
      }
      tokens.push(`token-of-${sub}-${tokens.length}`)
      return Response.json({ access_token: tokens.at(-1), token_type: 'Bearer', expires_in: 3600 })
    }
    const store = memoryStore()
    const clientOf = (source: () => string): Client =>
      createClient(
        {
          name: 'acme',
          tokenEndpoint: 'https://login.acme.test/token',
          clientAuthentication: clientAssertion(Object.defineProperty(source, 'name', { value: 'platform' })),
        },
        { credentials: { clientId: 'app' }, store, fetch },
      )
    const subjects = ['a', 'b']
    // The server rejects the JWT that the store's key was found with, and the next one is another workload's.
    const moved = await clientOf(() =>
      jwtOf({ iss: 'https://platform.test', sub: subjects.shift() ?? 'b', exp }),
    ).token()
    expect(moved.value).toMatch(/^token-of-b/)
    const ofA = await clientOf(() => jwtOf({ iss: 'https://platform.test', sub: 'a', exp })).token()
    expect(ofA.value).toMatch(/^token-of-a/)
    const ofB = await clientOf(() => jwtOf({ iss: 'https://platform.test', sub: 'b', exp })).token()
    expect(ofB.value).toBe(moved.value)
  })
})

describe('a pool whose provider rejects a tenant', () => {
  it('P4: the error says which tenant', () => {
    const pool = createClientPool(
      (tenant) => ({ name: 'acme', tokenEndpoint: `https://${hostLabel(tenant, 'tenant')}.acme.test/token` }),
      { credentials: () => ({ clientId: 'app', clientSecret: 'secret' }) },
    )
    try {
      pool.client('evil.test/#')
      expect.unreachable()
    } catch (failure) {
      expect(failure).toBeInstanceOf(NightlatchError)
      expect(failure).toMatchObject({ code: 'invalid_options', label: 'evil.test/#' })
    }
  })
})

describe('minimumLifetime', () => {
  it('L2: holds for a call that joins the request of another call, too', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const provider = { name: 'acme', tokenEndpoint: emulator.tokenEndpoint }
    const store = memoryStore()
    let now = Date.now()
    const options = { credentials: emulator.credentials, store, now: () => now }
    await createClient(provider, options).token()
    // The token in the store has 100 s left.
    now += 3500_000
    const client = createClient(provider, options)
    const [, longer] = await Promise.all([client.token(), client.token({ minimumLifetime: 300 })])
    expect(((longer.expiresAt?.getTime() ?? 0) - now) / 1000).toBeGreaterThanOrEqual(300)
  })
})
