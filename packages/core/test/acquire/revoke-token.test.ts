import {
  type StandardEmulationOptions,
  type StandardEmulator,
  standardEmulation,
  startEmulator,
} from '@nightlatch/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { CredentialsReader } from '../../src/acquire/credentials.ts'
import { prepareRevocation } from '../../src/acquire/revoke-token.ts'
import {
  type Client,
  type ClientAuthentication,
  type ClientOptions,
  clientAssertion,
  clientSecretJwt,
  clientSecretPost,
  createClient,
  createClientPool,
  memoryStore,
  NightlatchError,
  type Provider,
} from '../../src/index.ts'
import { stopTimers } from '../virtual-time.ts'
import { waitUntil } from '../wait-until.ts'
import { failureOf } from './failure-of.ts'
import { networkTransport } from './network-transport.ts'
import { findLeaks } from './printings.ts'

async function start(options: StandardEmulationOptions = {}) {
  const emulator = await startEmulator(standardEmulation(options))
  const connect = (provider: Partial<Provider> = {}, more: Partial<ClientOptions> = {}): Client => {
    const { issuer, apiUrl, credentials } = emulator
    return createClient({ name: 'acme', issuer, api: apiUrl, ...provider }, { credentials, ...more })
  }
  return { emulator, connect, [Symbol.asyncDispose]: () => emulator.close() }
}

const revocationsAt = ({ requests }: StandardEmulator) => requests.filter(({ part }) => part === 'revocation')
const grantsAt = ({ requests }: StandardEmulator): number => requests.filter(({ part }) => part === 'token').length

const statusWith = async ({ apiUrl }: StandardEmulator, token: string): Promise<number> =>
  (await fetch(`${apiUrl}/orders`, { headers: { authorization: `Bearer ${token}` } })).status

afterEach(() => {
  vi.useRealTimers()
})

describe('client.revoke', () => {
  it('revokes the cached tokens at the endpoint of the metadata; the next call gets a new one', async () => {
    await using bench = await start()
    const { emulator } = bench
    const client = bench.connect()
    const first = (await client.token()).value
    const other = (await client.token({ scopes: ['read'] })).value
    expect(await statusWith(emulator, first)).toBe(200)
    await client.revoke()
    expect(await statusWith(emulator, first)).toBe(401)
    expect(await statusWith(emulator, other)).toBe(401)
    const sent = revocationsAt(emulator)
    expect(sent.map(({ form }) => form.get('token_type_hint'))).toEqual(['access_token', 'access_token'])
    expect(sent.map(({ form }) => form.get('token')).sort()).toEqual([first, other].sort())
    const next = (await client.token()).value
    expect(next).not.toBe(first)
    expect(await statusWith(emulator, next)).toBe(200)
  })

  it('uses the provider’s own endpoint, with a token endpoint that is declared', async () => {
    await using bench = await start({ revocationPath: '/tenant/Revoke' })
    const { tokenEndpoint } = bench.emulator
    const revocationEndpoint = new URL(`${bench.emulator.revocationEndpoint}?v=1`)
    const client = bench.connect({ issuer: tokenEndpoint, tokenEndpoint, revocationEndpoint })
    const { value } = await client.token()
    await client.revoke()
    expect(await statusWith(bench.emulator, value)).toBe(401)
    expect(revocationsAt(bench.emulator).map(({ path, query }) => `${path}?${query}`)).toEqual(['/tenant/Revoke?v=1'])
  })

  it('sends nothing if no token is cached', async () => {
    await using bench = await start()
    const client = bench.connect()
    await client.revoke()
    await client.token()
    await client.revoke()
    await client.revoke()
    expect(revocationsAt(bench.emulator)).toHaveLength(1)
  })

  it('deletes the token from the store, so that other clients do not get it', async () => {
    await using bench = await start()
    const store = memoryStore()
    const client = bench.connect({}, { store })
    const first = (await client.token()).value
    await client.revoke()
    const another = (await bench.connect({}, { store }).token()).value
    expect(another).not.toBe(first)
    expect(grantsAt(bench.emulator)).toBe(2)
  })

  it('authenticates as at the token endpoint, and always sends a form', async () => {
    await using bench = await start({ tokenRequest: { bodyFormat: 'json', grantType: 'vendor' } })
    const client = bench.connect({
      clientAuthentication: clientSecretPost(),
      tokenRequest: { bodyFormat: 'json', grantType: 'vendor' },
    })
    const { value } = await client.token()
    await client.revoke()
    expect(await statusWith(bench.emulator, value)).toBe(401)
    const [sent] = revocationsAt(bench.emulator)
    expect(sent?.headers.get('content-type')).toBe('application/x-www-form-urlencoded')
    expect(sent?.headers.get('accept')).toBe('application/json')
    expect(sent?.form.get('client_id')).toBe(bench.emulator.credentials.clientId)
    expect(sent?.form.has('grant_type')).toBe(false)
  })

  it('G8: an assertion is made for the issuer, or else for the token endpoint, not for where it is sent', async () => {
    const audiences: string[] = []
    await using bench = await start({ answerToken: () => ({ body: { access_token: 'a-token', expires_in: 3600 } }) })
    const { tokenEndpoint, revocationEndpoint = '' } = bench.emulator
    const jwt = clientSecretJwt()
    const noting: ClientAuthentication = {
      ...jwt,
      async authenticate(request, credentials) {
        await jwt.authenticate(request, credentials)
        const [, claims = ''] = (request.parameters.get('client_assertion') ?? '').split('.')
        audiences.push(JSON.parse(Buffer.from(claims, 'base64url').toString()).aud)
      },
    }
    const provider = { name: 'acme', tokenEndpoint, revocationEndpoint, clientAuthentication: noting }
    const secret = { clientId: 'app', clientSecret: 'a secret that is long enough for HS256' }
    const client = createClient(provider, { credentials: secret })
    await client.token()
    await failureOf(client.revoke())
    expect(audiences).toEqual([tokenEndpoint, tokenEndpoint])
  })

  it('L8: asks a credentials function once more if the server rejects the client', async () => {
    await using bench = await start()
    const { emulator } = bench
    const client = bench.connect({}, { credentials: () => emulator.credentials })
    const { value } = await client.token()
    emulator.rotateSecret()
    await client.revoke()
    expect(await statusWith(emulator, value)).toBe(401)
  })

  it.each([
    ['another JWT', ['first', 'second'], 2, true],
    ['the same JWT', ['first', 'first'], 1, false],
  ])('L8: asks a source once more if the server rejects its JWT: %s', async (_, subjects, sent, isRevoked) => {
    const left = [...subjects]
    const forms: URLSearchParams[] = []
    const toJwt = (sub: string): string => `e30.${Buffer.from(JSON.stringify({ sub })).toString('base64url')}.signature`
    const client = createClient(
      {
        name: 'acme',
        tokenEndpoint: 'https://login.acme.example/token',
        revocationEndpoint: 'https://login.acme.example/revoke',
        clientAuthentication: clientAssertion(() => toJwt(left.shift() ?? 'none')),
      },
      {
        credentials: {},
        fetch: async (url, init) => {
          if (!String(url).endsWith('/revoke')) {
            left.unshift(...subjects.slice(0, 2 - left.length))
            return Response.json({ access_token: 'a', token_type: 'Bearer', expires_in: 3600 })
          }
          forms.push(new URLSearchParams(String(init?.body)))
          const isAccepted = forms.at(-1)?.get('client_assertion') === toJwt('second')
          return isAccepted ? new Response() : Response.json({ error: 'invalid_client' }, { status: 401 })
        },
      },
    )
    await client.token()
    const revoked = client.revoke()
    if (isRevoked) await revoked
    else expect(await failureOf(revoked)).toMatchObject({ code: 'grant_refused', error: 'invalid_client' })
    expect(forms).toHaveLength(sent)
  })

  it('L8: if they cannot be read again, the caller gets the answer of the server; nothing is sent twice', async () => {
    await using bench = await start()
    const { emulator } = bench
    let { credentials } = emulator
    let isSealed = false
    const client = bench.connect(
      {},
      { credentials: () => (isSealed ? Promise.reject(new RangeError('vault sealed')) : Promise.resolve(credentials)) },
    )
    await client.token()
    credentials = { ...credentials, clientSecret: 'wrong' }
    emulator.rotateSecret()
    const same = await failureOf(client.revoke())
    expect(same).toMatchObject({ code: 'grant_refused', error: 'invalid_client' })
    const before = revocationsAt(emulator).length
    await failureOf(client.revoke())
    expect(revocationsAt(emulator).length - before).toBe(1)
    // From the first request on, the function fails.
    const seal = (): undefined => {
      isSealed = true
    }
    emulator.faults.set('revocation', { name: 'answer', answer: seal })
    const sealed = await failureOf(client.revoke())
    expect(sealed).toMatchObject({ code: 'grant_refused', error: 'invalid_client' })
  })

  it('two calls at once revoke each token once', async () => {
    await using bench = await start()
    const client = bench.connect()
    const { value } = await client.token()
    await Promise.all([client.revoke(), client.revoke()])
    expect(await statusWith(bench.emulator, value)).toBe(401)
    expect(revocationsAt(bench.emulator)).toHaveLength(1)
  })

  it('G7: follows no redirect', async () => {
    await using bench = await start()
    const { emulator } = bench
    emulator.faults.set('revocation', {
      name: 'answer',
      answer: { status: 307, headers: { location: emulator.elsewhereUrl } },
    })
    const client = bench.connect()
    await client.token()
    const failure = await failureOf(client.revoke())
    expect(failure).toMatchObject({ code: 'response_unreadable', provider: 'acme', status: 307 })
    expect(emulator.requests.map(({ path }) => path)).not.toContain(new URL(emulator.elsewhereUrl).pathname)
  })

  it.each([
    [400, { error: 'unsupported_token_type' }, { code: 'grant_refused', error: 'unsupported_token_type' }],
    [401, { error: 'invalid_client' }, { code: 'grant_refused', status: 401, retryable: false }],
    [503, '', { code: 'endpoint_unavailable', retryable: true, retryAfter: 7 }],
    [404, '<!doctype html><title>Not found</title>', { code: 'response_unreadable', status: 404 }],
  ])('maps %i %j to the codes of a grant, and revokes the token by the next call', async (status, body, expected) => {
    await using bench = await start()
    const { emulator } = bench
    const answer = { status, body, headers: { 'retry-after': '7' } }
    emulator.faults.set('revocation', { name: 'answer', answer }, { times: 1 })
    const client = bench.connect(
      { explain: ({ code }: { code?: string }) => [`a hint for ${code}`] } as Partial<Provider>,
      {
        label: 'blue',
      },
    )
    const { value } = await client.token()
    const failure = await failureOf(client.revoke())
    expect(failure).toMatchObject({ ...expected, label: 'blue', hints: [`a hint for ${expected.code}`] })
    expect(failure.message).toMatch(/^acme \(blue\): http:\/\/127\.0\.0\.1:\d+\/revoke /)
    // It is dropped all the same.
    expect((await client.token()).value).not.toBe(value)
    expect(await statusWith(emulator, value)).toBe(200)
    await client.revoke()
    expect(await statusWith(emulator, value)).toBe(401)
    expect(revocationsAt(emulator)).toHaveLength(3)
  })

  it.each([
    [204, undefined],
    [200, { error: 'ignored' }],
    [200, '<html>'],
  ])('a status of %i is a success, whatever the body (%j)', async (status, body) => {
    await using bench = await start()
    bench.emulator.faults.set('revocation', { name: 'answer', answer: { status, body } })
    const client = bench.connect()
    await client.token()
    await expect(client.revoke()).resolves.toBeUndefined()
  })

  it('X1: neither token nor secret is in an error, though the server repeats them', async () => {
    await using bench = await start()
    const { emulator } = bench
    emulator.faults.set('revocation', {
      name: 'answer',
      answer: ({ form, headers }) => ({
        status: 400,
        body: {
          error: form.get('token'),
          error_description: `no ${form.get('token')} of ${headers.get('authorization')}`,
        },
      }),
    })
    const client = bench.connect()
    const { value } = await client.token()
    const failure = await failureOf(client.revoke())
    expect(failure.code).toBe('grant_refused')
    const { clientSecret } = emulator.credentials
    expect(findLeaks(failure, [value, value.slice(-40), clientSecret])).toEqual([])
  })

  it('shows words of the server that are in every revocation, because they are not secrets', async () => {
    await using bench = await start()
    const error_description = 'no access_token; a form (application/x-www-form-urlencoded), not application/json'
    const answer = { status: 400, body: { error: 'invalid_request', error_description } }
    bench.emulator.faults.set('revocation', { name: 'answer', answer })
    const client = bench.connect()
    await client.token()
    expect((await failureOf(client.revoke())).errorDescription).toBe(error_description)
  })

  it('ends at the deadline, also while it looks for the endpoint', async () => {
    stopTimers()
    const provider: Provider = { name: 'acme', issuer: 'https://login.acme.test' }
    const findEndpoint = (): Promise<never> => new Promise(() => {})
    const parts = { provider, transport: networkTransport, findEndpoint, timeout: 0.3 }
    const reader = new CredentialsReader({ clientId: 'app', clientSecret: 'secret' }, { provider: 'acme' })
    const preparing = failureOf(prepareRevocation(parts, reader))
    await vi.advanceTimersByTimeAsync(300)
    expect(await preparing).toMatchObject({
      code: 'timed_out',
      retryable: true,
      message: 'acme: the revocation endpoint was not found within 0.3 s',
    })
  })

  it('ends at the deadline', async () => {
    await using bench = await start()
    stopTimers()
    const client = bench.connect({}, { timeout: 0.3 })
    await client.token()
    bench.emulator.faults.set('revocation', { name: 'hang' })
    const revoking = failureOf(client.revoke())
    await waitUntil(() => revocationsAt(bench.emulator).length === 1)
    await vi.advanceTimersByTimeAsync(300)
    const failure = await revoking
    expect(failure).toMatchObject({ code: 'timed_out', retryable: true })
    expect(failure.message).toBe(`acme: ${bench.emulator.revocationEndpoint} did not revoke the token within 0.3 s`)
  })

  it('says what to set if no endpoint is known, and keeps the tokens', async () => {
    await using bench = await start({ revocationPath: null })
    const { issuer, tokenEndpoint } = bench.emulator
    const declared = bench.connect({ issuer, tokenEndpoint })
    const { value } = await declared.token()
    expect(await failureOf(declared.revoke())).toMatchObject({
      code: 'invalid_options',
      provider: 'acme',
      message:
        "acme: no revocation endpoint is known, because a provider with a `tokenEndpoint` reads no metadata. Set the provider's `revocationEndpoint`",
    })
    expect((await declared.token()).value).toBe(value)
    const failure = await failureOf(bench.connect().revoke())
    expect(failure.code).toBe('invalid_options')
    expect(failure.message).toMatch(/^acme: the metadata of .* names no revocation endpoint\. Set the provider's/)
  })

  it.each(['https://169.254.169.254/revoke', 'http://acme.test/revoke', 'https://10.0.0.1/', 'ftp://x', 'revoke'])(
    'X4: metadata that names %s: nothing is sent there, and grants work as before',
    async (revocation_endpoint) => {
      await using bench = await start({ extraMetadata: { revocation_endpoint } })
      const client = bench.connect()
      const { value } = await client.token()
      const failure = await failureOf(client.revoke())
      expect(failure).toMatchObject({ code: 'discovery_failed', provider: 'acme', retryable: false })
      expect(failure.message).toContain("if the endpoint is right, set the provider's revocationEndpoint")
      expect((await client.token()).value).toBe(value)
    },
  )

  it.each(['http://acme.test/revoke', 'https://u:p@acme.test/revoke', 'x', 7])(
    'G7: %j is no revocation endpoint of a provider',
    (revocationEndpoint) => {
      const provider = {
        name: 'acme',
        tokenEndpoint: 'https://acme.test/token',
        revocationEndpoint,
      } as unknown as Provider
      const create = (): unknown => createClient(provider, { credentials: { clientId: 'a', clientSecret: 'b' } })
      expect(create).toThrow(NightlatchError)
      expect(create).toThrow('provider.revocationEndpoint must')
    },
  )
})

describe('client.close with revoke', () => {
  it('revokes the cached tokens; without it none', async () => {
    await using bench = await start()
    const [kept, revoked] = [bench.connect(), bench.connect()]
    const tokens = [(await kept.token()).value, (await revoked.token()).value]
    await kept.close()
    await revoked.close({ revoke: true })
    const statuses = await Promise.all(tokens.map((token) => statusWith(bench.emulator, token)))
    expect(statuses).toEqual([200, 401])
  })

  it('closes, though the revocation fails, and says so', async () => {
    await using bench = await start()
    bench.emulator.faults.set('revocation', { name: 'error', status: 503 })
    const client = bench.connect()
    await client.token()
    expect(await failureOf(client.close({ revoke: true }))).toMatchObject({ code: 'endpoint_unavailable' })
  })

  it('revokes the tokens of one tenant alone', async () => {
    await using bench = await start()
    const { issuer, credentials } = bench.emulator
    const pool = createClientPool({ name: 'acme', issuer }, { credentials: () => credentials })
    const tokens = [(await pool.client('a').token()).value, (await pool.client('b').token()).value]
    await pool.client('a').close({ revoke: true })
    const statuses = await Promise.all(tokens.map((token) => statusWith(bench.emulator, token)))
    expect(statuses).toEqual([401, 200])
  })
})

describe('a view’s revoke', () => {
  it('revokes the view’s own token; its client’s revokes all', async () => {
    await using bench = await start()
    const { emulator } = bench
    const client = bench.connect()
    const [read, write] = [client.with({ scopes: ['read'] }), client.with({ scopes: ['write'] })]
    const tokens = [(await client.token()).value, (await read.token()).value, (await write.token()).value]
    const statuses = (): Promise<readonly number[]> => Promise.all(tokens.map((token) => statusWith(emulator, token)))
    await read.revoke()
    expect(await statuses()).toEqual([200, 401, 200])
    await write.close({ revoke: true })
    expect(await statuses()).toEqual([200, 401, 401])
    tokens.push((await read.token()).value)
    await client.revoke()
    expect(await statuses()).toEqual([401, 401, 401, 401])
    expect((await read.token()).value).not.toBe(tokens[3])
  })
})
