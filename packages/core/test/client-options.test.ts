import { describe, expect, it } from 'vitest'
import { type ClientOptions, createClient, NightlatchError, type Provider } from '../src/index.ts'

const provider: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }
const credentials = { clientId: 'me', clientSecret: 'marked-secret' }

function mistakesOf(described: unknown, options: unknown): string {
  try {
    createClient(described as Provider, options as ClientOptions)
  } catch (failure) {
    expect(failure).toBeInstanceOf(NightlatchError)
    expect((failure as NightlatchError).code).toBe('invalid_options')
    return (failure as NightlatchError).message
  }
  throw new Error('nothing was refused')
}

describe('client options', () => {
  it.each([
    ['timeout', 0],
    ['timeout', Number.NaN],
    ['timeout', Number.POSITIVE_INFINITY],
    ['timeout', 601],
    ['timeout', 10_000],
    ['timeout', '10'],
    ['credentialsMaxAge', 0],
    ['credentialsMaxAge', -1],
    ['credentialsMaxAge', Number.NaN],
    ['credentialsMaxAge', Number.POSITIVE_INFINITY],
    ['credentialsMaxAge', '60'],
    ['credentialsMaxAge', 60],
    ['fetch', 'fetch'],
    ['onEvent', {}],
    ['now', 1],
    ['allowInsecureRequests', 'yes'],
    ['store', 'redis'],
    ['store.get', { get: 1, set() {}, delete() {} }],
    ['scopes', 7],
    ['parameters', 'x'],
    ['credentials', 'marked-secret'],
    ['timout', 3],
  ])('refuses %s of %o by its path', (name, value) => {
    const message = mistakesOf(provider, { credentials, [name.split('.')[0] ?? '']: value })
    expect(message).toMatch(new RegExp(`options\\.${name} |Unknown option \`${name}\`\\. Did you mean`))
    expect(message).not.toContain('marked-secret')
  })

  it('L8: the age of credentials is for those that a function returns', () => {
    expect(mistakesOf(provider, { credentials, credentialsMaxAge: 60 })).toContain(
      'options.credentialsMaxAge is for a credentials function',
    )
    expect(createClient(provider, { credentials: () => credentials, credentialsMaxAge: 0.5 })).toBeDefined()
    expect(mistakesOf(provider, { credentials: () => credentials, credentialsMaxAge: 0 })).toContain(
      'options.credentialsMaxAge must be more than 0 seconds',
    )
  })

  it('says that a timeout is in seconds to one who means milliseconds', () => {
    expect(mistakesOf(provider, { credentials, timeout: 10_000 })).toContain(
      'options.timeout must be at most 600; it is in seconds',
    )
    expect(createClient(provider, { credentials, timeout: 600 })).toBeDefined()
  })

  it('names every mistake at once, in provider, options and credentials', () => {
    const message = mistakesOf(
      { name: 'Not A Slug', tokenEndpoint: 'https://x.example/token', colour: 'red' },
      { credentials: { clientId: '', clientSecret: undefined, client_secret: 'marked-secret' }, timeout: -1 },
    )
    for (const path of [
      'provider.name ',
      'Unknown field `provider.colour`',
      'options.timeout ',
      'options.credentials.clientId ',
      'options.credentials.clientSecret ',
      'Unknown option `credentials.client_secret`. Did you mean `credentials.clientSecret`?',
    ]) {
      expect(message).toContain(path)
    }
    expect(message).not.toContain('marked-secret')
  })

  it('X1: an invalid name is not shown, because it may be a secret in the wrong place', () => {
    try {
      createClient({ ...provider, name: 'Marked-Secret' }, { credentials })
      expect.unreachable()
    } catch (failure) {
      expect(failure).toMatchObject({ code: 'invalid_options', provider: undefined })
      expect(JSON.stringify(failure)).not.toContain('Marked-Secret')
    }
  })

  it('says of a variable that is not set that this may be it', () => {
    expect(mistakesOf(provider, { credentials: { clientId: 'me', clientSecret: undefined } })).toMatch(
      /environment variable/,
    )
  })

  it.each([[undefined], [null], ['x'], [{}]])('refuses %o for options', (options) => {
    expect(mistakesOf(provider, options)).toContain('options')
  })

  it.each([[undefined], [null], ['x'], [{}]])('refuses %o for a provider', (described) => {
    expect(mistakesOf(described, { credentials })).toContain('provider')
  })

  it('takes undefined for an option that is not given', () => {
    const nothing = { scopes: undefined, store: undefined, timeout: undefined, fetch: undefined, onEvent: undefined }
    const described = { ...provider, scopes: undefined, api: undefined, issuer: undefined }
    expect(
      createClient(described as unknown as Provider, { credentials, ...nothing } as unknown as ClientOptions),
    ).toBeDefined()
  })

  it('says at once that a secret is missing where the provider needs one', () => {
    expect(mistakesOf(provider, { credentials: { clientId: 'me' } })).toMatch(/credentials\.clientSecret is missing/)
    const custom: Provider = {
      ...provider,
      clientAuthentication: { name: 'own', authenticate: ({ headers }) => headers.set('x-key', 'k') },
    }
    expect(createClient(custom, { credentials: { clientId: 'me' } })).toBeDefined()
  })

  it('refuses the URL of the metadata for an issuer', () => {
    const issuer = 'https://login.acme.example/.well-known/openid-configuration'
    expect(mistakesOf({ name: 'acme', issuer }, { credentials })).toMatch(/provider\.issuer must be the issuer itself/)
  })

  it.each(['grant_type', 'client_id', 'client_secret', 'client_assertion', 'scope'])(
    'G6: %s is not for a client to set',
    (name) => {
      expect(mistakesOf(provider, { credentials, parameters: { [name]: 'x' } })).toContain('options.parameters ')
    },
  )

  it('G7: http is for this machine, or for those who permit it', () => {
    const insecure: Provider = { name: 'acme', tokenEndpoint: 'http://login.acme.example/token' }
    expect(mistakesOf(insecure, { credentials })).toMatch(/provider\.tokenEndpoint must be https/)
    expect(createClient(insecure, { credentials, allowInsecureRequests: true })).toBeDefined()
    expect(createClient({ ...insecure, tokenEndpoint: 'http://localhost:1/token' }, { credentials })).toBeDefined()
  })

  it('options of one call are refused by rejection, not by throwing', async () => {
    const client = createClient(provider, { credentials })
    for (const options of [
      { scope: 'x' },
      { scopes: 7 },
      { scopes: [7] },
      { scopes: 'a\u0000b' },
      { rejected: 'marked-secret' },
      { signal: {} },
      { parameters: { client_id: 'x' } },
    ]) {
      const error = await client.token(options as never).then(
        () => undefined,
        (failure: unknown) => failure,
      )
      expect(error).toMatchObject({ code: 'invalid_options' })
      expect(String(error)).not.toContain('marked-secret')
    }
  })
})
