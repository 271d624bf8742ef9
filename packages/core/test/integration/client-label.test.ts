import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { standardEmulation, startEmulator } from '@nightlatch/testing'
import { describe, expect, it } from 'vitest'
import { withHints, withLabel } from '../../src/errors.ts'
import {
  type ClientEvent,
  type ClientOptions,
  type ClientPoolOptions,
  createClient,
  createClientPool,
  memoryStore,
  NightlatchError,
  type Provider,
  type TokenStore,
} from '../../src/index.ts'

const broken: TokenStore = {
  get: () => Promise.reject(new Error('down')),
  set: () => Promise.reject(new Error('down')),
  delete: () => Promise.reject(new Error('down')),
}

const failureOf = (work: Promise<unknown>): Promise<NightlatchError> =>
  work.then(
    () => Promise.reject(new Error('did not fail')),
    (failure) => failure,
  )

describe('a client with a label', () => {
  it('has it in every event, and in the error of each', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, apiUrl, credentials } = emulator
    const events: ClientEvent[] = []
    const provider: Provider = {
      name: 'acme',
      tokenEndpoint,
      apiOrigins: [new URL(apiUrl).origin],
      api: async () => ({ baseUrl: apiUrl, info: undefined }),
      explain: () => ['a hint'],
    }
    const options: ClientOptions = { credentials, label: 'blue', store: broken, onEvent: (event) => events.push(event) }
    const client = createClient(provider, options)
    emulator.faults.set('token', { name: 'error', status: 503 }, { times: 1 })
    await client.token()
    await client.info()
    emulator.faults.set('api', { name: 'revoked' })
    await client.fetch(`${apiUrl}/orders`)
    await failureOf(client.fetch('https://elsewhere.example/'))
    const wrong = { ...credentials, clientSecret: 'wrong' }
    await failureOf(createClient(provider, { ...options, credentials: wrong }).token())
    const lost = { ...provider, api: () => Promise.reject(new Error('no')) }
    await failureOf(createClient(lost, options).info())
    const unread = (): Promise<never> => Promise.reject(new RangeError('vault sealed'))
    await failureOf(createClient(provider, { ...options, credentials: unread }).token())
    const types = new Set(events.map(({ type }) => type))
    expect([...types].sort()).toEqual([
      'api.discovered',
      'discovery.failed',
      'grant.failed',
      'grant.retried',
      'origin.refused',
      'request.repeated',
      'store.failed',
      'token.granted',
      'token.served',
    ])
    for (const event of events) {
      expect(event).toMatchObject({ provider: 'acme', label: 'blue' })
      if (!('error' in event)) continue
      expect(event.error).toMatchObject({ label: 'blue', provider: 'acme' })
      expect(event.error.message).toMatch(/^acme \(blue\): /)
    }
  })

  it('has it in its failures, whose hints and stacks stay', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const provider: Provider = { name: 'acme', tokenEndpoint, explain: () => ['Ask Jane.'] }
    const events: ClientEvent[] = []
    const wrong = { ...credentials, clientSecret: 'wrong' }
    const client = createClient(provider, { credentials: wrong, label: 'blue', onEvent: (one) => events.push(one) })
    const refusal = await failureOf(client.token())
    expect(refusal).toMatchObject({ code: 'grant_refused', label: 'blue', status: 401, hints: ['Ask Jane.'] })
    expect(refusal.message).toBe(
      `acme (blue): ${tokenEndpoint} refused the grant with status 401 (invalid_client: client authentication failed)`,
    )
    expect(refusal.stack).toMatch(/^NightlatchError: acme \(blue\): .*\n {4}at /)
    expect(events).toEqual([expect.objectContaining({ type: 'grant.failed', error: refusal })])
    // The same error from the cache.
    expect((await failureOf(client.token())).message).toBe(refusal.message)
    const misspelt = { scope: 'x' } as object
    expect((await failureOf(client.token(misspelt))).message).toBe(
      'acme (blue): Unknown option `scope`. Did you mean `scopes`?',
    )
    expect(() => client.with(misspelt)).toThrow('acme (blue): Unknown option `scope`. Did you mean `scopes`?')
  })

  it('has it in what times out', async () => {
    await using emulator = await startEmulator(standardEmulation())
    emulator.faults.set('token', { name: 'hang' })
    const { tokenEndpoint, credentials } = emulator
    const client = createClient({ name: 'acme', tokenEndpoint }, { credentials, label: 'blue', timeout: 0.05 })
    const failure = await failureOf(client.token())
    expect(failure).toMatchObject({ code: 'timed_out', label: 'blue' })
    expect(failure.message).toBe(`acme (blue): ${tokenEndpoint} did not give a token within 0.05 s`)
  })

  it('has it in the messages of the tracing channels; without one there is no such field', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const api = async (): Promise<{ baseUrl: string; info: undefined }> => ({ baseUrl: apiUrl, info: undefined })
    const provider: Provider = { name: 'acme', tokenEndpoint, api }
    const seen: object[] = []
    const note = (message: unknown): unknown => seen.push(message as object)
    const channels = ['grant', 'store', 'discovery'].map((name) => tracingChannel(`nightlatch:${name}`).start)
    subscribe('nightlatch:event', note)
    for (const channel of channels) channel.subscribe(note)
    try {
      await createClient(provider, { credentials, label: 'blue', store: memoryStore() }).info()
      expect(seen.length).toBeGreaterThan(5)
      for (const message of seen) expect(message).toMatchObject({ label: 'blue' })
      seen.length = 0
      await createClient(provider, { credentials, store: memoryStore() }).info()
      expect(seen.length).toBeGreaterThan(5)
      for (const message of seen) expect(message).not.toHaveProperty('label')
    } finally {
      unsubscribe('nightlatch:event', note)
      for (const channel of channels) channel.unsubscribe(note)
    }
  })

  it.each([
    ['', 'must not be empty'],
    ['x'.repeat(201), 'must be at most 200 characters'],
    ['a\nb', 'must not have a line break'],
    ['a\u202eb', 'must not have a line break or another control character'],
    [7, 'must be a string'],
  ])('%j is no label', (label, mistake) => {
    const provider = { name: 'acme', tokenEndpoint: 'https://login.acme.test/token' }
    const options = { credentials: { clientId: 'app', clientSecret: 'secret' }, label } as unknown as ClientOptions
    expect(() => createClient(provider, options)).toThrow(`options.label ${mistake}`)
  })
})

describe('the label of a pool’s clients', () => {
  it('is the tenant, in failures and events', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const events: ClientEvent[] = []
    const pool = createClientPool(
      { name: 'acme', tokenEndpoint },
      {
        credentials: (tenant) => (tenant === 'right' ? credentials : { ...credentials, clientSecret: 'wrong' }),
        onEvent: (event) => events.push(event),
      },
    )
    await pool.client('right').token()
    const failure = await failureOf(pool.client('tenant-7').token())
    expect(failure).toMatchObject({ code: 'grant_refused', label: 'tenant-7' })
    expect(failure.message).toMatch(/^acme \(tenant-7\): /)
    expect(events.map(({ type, label }) => [type, label])).toEqual([
      ['token.granted', 'right'],
      ['token.served', 'right'],
      ['grant.failed', 'tenant-7'],
    ])
  })

  it('is that of each tenant, though all share what the issuer’s metadata failed with', async () => {
    await using emulator = await startEmulator(standardEmulation())
    emulator.faults.set('discovery', { name: 'error', status: 500 })
    const { issuer, credentials } = emulator
    const pool = createClientPool({ name: 'acme', issuer }, { credentials: () => credentials })
    const failures = await Promise.all(['a', 'b'].map((tenant) => failureOf(pool.client(tenant).token())))
    expect(failures.map(({ code, label }) => [code, label])).toEqual([
      ['discovery_failed', 'a'],
      ['discovery_failed', 'b'],
    ])
    expect(failures.map(({ message }) => message.slice(0, 9))).toEqual(['acme (a):', 'acme (b):'])
  })

  it('is in the refusal of a tenant’s provider, and in what its credentials function returned', async () => {
    const pool = createClientPool(
      (tenant) => ({ name: 'acme', tokenEndpoint: tenant === 'bad' ? 'ftp://x' : 'https://login.acme.test/token' }),
      { credentials: () => ({ clientId: '', clientSecret: 'x' }) },
    )
    expect(() => pool.client('bad')).toThrow('acme (bad): provider.tokenEndpoint must be an https URL')
    const failure = await failureOf(pool.client('empty').token())
    expect(failure).toMatchObject({ code: 'invalid_options', label: 'empty' })
    expect(failure.message).toMatch(/^acme \(empty\): options\.credentials\(\)\.clientId must not be empty/)
  })

  it('fits in one line of 200 characters, whatever the tenant', async () => {
    await using emulator = await startEmulator(standardEmulation())
    emulator.faults.set('token', { name: 'answer', answer: () => ({ status: 400 }) })
    const { tokenEndpoint, credentials } = emulator
    const pool = createClientPool({ name: 'acme', tokenEndpoint }, { credentials: () => credentials })
    const tenant = `a\r\nb\u001b[31m\u202e${'x'.repeat(300)}`
    expect((await failureOf(pool.client(tenant).token())).label).toBe(`a  b [31m ${'x'.repeat(190)}`)
  })

  it('cannot be set', () => {
    const options = { credentials: () => ({ clientId: 'a' }), label: 'x' } as unknown as ClientPoolOptions
    const provider = { name: 'acme', tokenEndpoint: 'https://login.acme.test/token' }
    expect(() => createClientPool(provider, options)).toThrow('options.label is set by the pool: it is the tenant')
  })

  it('is not in the events of a store that the tenants share, and is in those of one that they do not', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const labels: unknown[] = []
    const options: ClientPoolOptions = {
      credentials: () => credentials,
      store: broken,
      onEvent: (event) => event.type === 'store.failed' && labels.push(event.label),
    }
    await createClientPool({ name: 'acme', tokenEndpoint }, options).client('a').token()
    await createClientPool(() => ({ name: 'acme', tokenEndpoint }), options)
      .client('a')
      .token()
    expect(labels).toEqual([undefined, 'a'])
  })
})

describe('withLabel', () => {
  it('leaves alone what has a label, or is no error of this library', () => {
    const labelled = withLabel(new NightlatchError('timed_out', 'acme: late', { provider: 'acme' }), 'a')
    expect(withLabel(labelled, 'b')).toBe(labelled)
    expect(withLabel(labelled, undefined)).toBe(labelled)
    const other = new RangeError('late')
    expect(withLabel(other, 'a')).toBe(other)
  })

  it('stays with hints, and stands alone where no provider is known', () => {
    const labelled = withLabel(new NightlatchError('timed_out', 'late'), 'a') as NightlatchError
    expect(labelled.message).toBe('a: late')
    expect(withHints(labelled, ['one'])).toMatchObject({ message: 'a: late', label: 'a', hints: ['one'] })
    expect(JSON.parse(JSON.stringify(labelled))).toMatchObject({ label: 'a' })
  })
})
