import { describe, expect, it } from 'vitest'
import type { ClientAuthentication } from '../../src/acquire/authentication-method.ts'
import { clientSecretPost } from '../../src/acquire/client-authentication.ts'
import {
  choosesAuthenticationLater,
  copyDescription,
  findProviderMistakes,
  type Provider,
} from '../../src/acquire/provider.ts'
import { NightlatchError } from '../../src/errors.ts'
import { createClient } from '../../src/provider-client.ts'
import { findLeaks } from './printings.ts'

const acme = { name: 'acme', tokenEndpoint: 'https://login.acme.test/token' }
const marked = 'MARKED-secret-51d0'

function mistakesOf(provider: unknown, allowInsecureRequests = false): readonly string[] {
  return findProviderMistakes(provider as Provider, allowInsecureRequests)
}

/** The paths that mistakes name, each once. */
function pathsOf(mistakes: readonly string[]): readonly string[] {
  return [...new Set(mistakes.map((mistake) => /^(?:Unknown \w+ `)?([^ `]+)/.exec(mistake)?.[1] ?? ''))].sort()
}

describe('findProviderMistakes', () => {
  it.each<[string, Provider]>([
    ['the least', acme],
    ['an issuer alone', { name: 'acme', issuer: 'https://login.acme.test' }],
    ...['https://idp.acme.test', 'http://keycloak:8080/realms/acme', new URL('https://idp.acme.test')].map(
      (acceptIssuer): [string, Provider] => [
        'an issuer that goes by another name behind a proxy',
        { name: 'acme', issuer: 'https://login.acme.test', issuerMetadata: { acceptIssuer } },
      ],
    ),
    [
      'an issuer with nothing to say of its metadata',
      { name: 'acme', issuer: 'https://login.acme.test', issuerMetadata: {} },
    ],
    [
      'URL objects',
      {
        name: 'acme',
        tokenEndpoint: new URL('https://login.acme.test/token'),
        api: new URL('https://api.acme.test/v2'),
      },
    ],
    [
      'everything',
      {
        name: 'acme-2-eu',
        tokenEndpoint: 'https://login.acme.test/token?v=1',
        issuer: 'https://login.acme.test',
        scopes: ['read', '1F0B2A3C ingr.api'],
        parameters: { audience: 'x', resource: ['urn:a', 'urn:b'], grant_type: 'account_credentials' },
        tokenRequest: {
          method: 'POST',
          bodyFormat: 'json',
          grantType: null,
          scopeSeparator: ',',
          headers: { 'x-a': 'b', 'x-c': () => 'd' },
        },
        defaultLifetime: 3600,
        apiOrigins: ['https://api.acme.test', 'https://*.acme.test'],
        clientAuthentication: clientSecretPost(),
        readTokenResponse: () => ({}),
        api: async () => ({ baseUrl: 'https://api.acme.test', info: undefined }),
        authorizeRequest: () => {},
        explain: () => [],
      },
    ],
  ])('P4: %s is accepted', (_, provider) => {
    expect(mistakesOf(provider)).toEqual([])
  })

  it.each([
    { method: 'GET' },
    { method: 'POST', bodyFormat: 'form' },
    { bodyFormat: 'none' },
    { grantType: 'x', scopeSeparator: ' ' },
    {
      headers: {
        'x-id': () => {
          const id = 'a function whose text has line breaks'
          return id
        },
      },
    },
  ] as const)('P4: a request in the form of %o is accepted', (tokenRequest) => {
    expect(mistakesOf({ ...acme, tokenRequest })).toEqual([])
  })

  it('P4: an object without a prototype is a plain object, an instance of a class is not', () => {
    expect(mistakesOf(Object.assign(Object.create(null), acme))).toEqual([])
    class Acme {
      readonly name = 'acme'
      readonly tokenEndpoint = acme.tokenEndpoint
    }
    expect(mistakesOf(new Acme())).toEqual(['provider must be a plain object, not an instance of a class'])
  })

  it('P4: ten years are a valid lifetime, more are not', () => {
    expect(mistakesOf({ ...acme, defaultLifetime: 3650 * 86_400 })).toEqual([])
    expect(mistakesOf({ ...acme, defaultLifetime: 3650 * 86_400 + 1 })).toEqual([
      'provider.defaultLifetime must be at most ten years, in seconds',
    ])
  })

  it.each<[string, unknown, string]>([
    ['name', 17, 'must be a string'],
    ['name', 'ACME', 'must be a lower-case slug such as my-provider'],
    ['tokenEndpoint', 17, 'must be a URL, as a string or a URL object'],
    ['tokenRequest', 'POST', 'must be an object'],
    ['tokenRequest.method', { method: 'PUT' }, "must be 'POST' or 'GET'"],
    ['tokenRequest.bodyFormat', { bodyFormat: 'xml' }, "must be 'form', 'json' or 'none'"],
    ['tokenRequest.grantType', { grantType: 17 }, 'must be a string or null'],
    ['tokenRequest.grantType', { grantType: '' }, 'is empty'],
    ['tokenRequest.scopeSeparator', { scopeSeparator: 17 }, 'must be a string'],
    ['tokenRequest.scopeSeparator', { scopeSeparator: '' }, 'must not be empty'],
    ['tokenRequest.headers', { headers: 'x: y' }, 'must be an object of strings'],
    ['tokenRequest.headers', { headers: { 'x y': 'z' } }, 'must contain valid header names and values'],
    ['tokenRequest.headers.x', { headers: { x: 17 } }, 'must be a string, or a function that returns one'],
    ['tokenRequest.headers', { headers: { 'x y': () => 'z' } }, 'must contain valid header names and values'],
    ['defaultLifetime', '1', 'must be a number of seconds'],
    ['defaultLifetime', 0, 'must be more than 0 seconds'],
    ['apiOrigins', 'https://api.acme.test', 'must be an array of origins'],
    ['apiOrigins.0', [17], 'must be a string'],
    [
      'apiOrigins.0',
      ['https://api.acme.test/v2'],
      'must be an origin such as https://api.example.com or https://*.example.com',
    ],
    [
      'apiOrigins.0',
      ['ftp://api.acme.test'],
      'must be an origin such as https://api.example.com or https://*.example.com',
    ],
    ['apiOrigins.0', ['https://*'], 'must have at least two labels after the *'],
    ['apiOrigins.0', ['https://*.com'], 'must have at least two labels after the *'],
    ['apiOrigins.0', ['https://api.acme.test:99999'], 'must be a valid origin'],
    ['clientAuthentication', 'x', 'must be an object with name and authenticate, such as clientSecretPost()'],
    ['clientAuthentication', () => {}, 'must be an object with name and authenticate, such as clientSecretPost()'],
    ['clientAuthentication.name', { name: 7, authenticate: () => {} }, 'must be a string'],
    ['clientAuthentication.name', { name: '', authenticate: () => {} }, 'must not be empty'],
    ['clientAuthentication.authenticate', { name: 'own', authenticate: 7 }, 'must be a function'],
    [
      'clientAuthentication.requires',
      { name: 'own', authenticate: () => {}, requires: 'MARKED' },
      "must be 'clientSecret' or 'privateKey'",
    ],
    ['api', 17, 'must be a URL or a function that discovers it'],
  ])('P4: for a wrong %s (%o) the message says what it must be', (path, value, told) => {
    const key = path.split('.')[0] ?? ''
    expect(mistakesOf({ ...acme, [key]: value })).toEqual([`provider.${path} ${told}`])
  })

  it('P4: a value that is not an object, and an infinite lifetime, are rejected', () => {
    expect(mistakesOf('acme')).toEqual(['provider must be an object'])
    const endless = mistakesOf({ ...acme, defaultLifetime: Number.POSITIVE_INFINITY })
    expect(endless).toContain('provider.defaultLifetime must be finite')
  })

  it.each<[string, unknown]>([
    ['name', undefined],
    ['name', 17],
    ['name', ''],
    ['name', 'Acme'],
    ['name', 'acme eu'],
    ['name', '-acme'],
    ['name', 'acme-'],
    ['name', 'a--b'],
    ['name', 'acme\n'],
    ['tokenEndpoint', 17],
    ['tokenEndpoint', null],
    ['tokenEndpoint', undefined],
    ['issuer', {}],
    ['scopes', 'a b'],
    ['scopes.0', [17]],
    ['parameters', 'audience=x'],
    ['parameters', { scope: 'a' }],
    ['parameters.audience', { audience: 17 }],
    ['tokenRequest', 'POST'],
    ['tokenRequest.method', { method: 'PUT' }],
    ['tokenRequest.bodyFormat', { bodyFormat: 'xml' }],
    ['tokenRequest.grantType', { grantType: '' }],
    ['tokenRequest.scopeSeparator', { scopeSeparator: '' }],
    ['tokenRequest.headers', { headers: { 'x y': 'z' } }],
    ['tokenRequest.headers', { headers: { x: 'y\r\nz: 1' } }],
    ['tokenRequest.headers.x', { headers: { x: 17 } }],
    ['tokenRequest.body', { body: 'x' }],
    ['defaultLifetime', '3600'],
    ['defaultLifetime', 0],
    ['defaultLifetime', -1],
    ['defaultLifetime', Number.NaN],
    ['defaultLifetime', Number.POSITIVE_INFINITY],
    ['apiOrigins', 'https://api.acme.test'],
    ['apiOrigins.1', ['https://api.acme.test', 17]],
    ['clientAuthentication', 'client_secret_basic'],
    ['readTokenResponse', {}],
    ['api', 17],
    ['authorizeRequest', true],
    ['explain', ['check this']],
    ['clientSecret', marked],
  ])('P4: a wrong %s (%o) is named by its path', (path, value) => {
    const key = path.split('.')[0] ?? ''
    const mistakes = mistakesOf({ ...acme, [key]: value })
    expect(pathsOf(mistakes)).toEqual([`provider.${path}`])
  })

  it.each([undefined, null, 'https://login.acme.test', 17, () => acme])('P4: %o is no provider', (junk) => {
    expect(pathsOf(mistakesOf(junk))).toEqual(['provider'])
  })

  it('P4: a lifetime beyond any date is rejected, because a token would never be fresh', () => {
    expect(pathsOf(mistakesOf({ ...acme, defaultLifetime: 1e300 }))).toEqual(['provider.defaultLifetime'])
  })

  it('P4: all mistakes are reported at once', () => {
    const provider = {
      name: 'ACME',
      tokenEndpoint: 17,
      scopes: 'a',
      defaultLifetime: '1',
      tokenRequest: { method: 'PUT', bodyFormat: 'xml' },
    }
    expect(pathsOf(mistakesOf(provider))).toEqual([
      'provider.defaultLifetime',
      'provider.name',
      'provider.scopes',
      'provider.tokenEndpoint',
      'provider.tokenRequest.bodyFormat',
      'provider.tokenRequest.method',
    ])
  })

  it('P4: all unknown names are reported at once', () => {
    expect(pathsOf(mistakesOf({ ...acme, scope: ['a'], token_endpoint: 'x', audience: 'y' }))).toEqual([
      'provider.audience',
      'provider.scope',
      'provider.token_endpoint',
    ])
  })

  it('P4: a wrong URL and another mistake are reported at once', () => {
    expect(pathsOf(mistakesOf({ name: 'ACME', tokenEndpoint: 'http://login.acme.test/token' }))).toEqual([
      'provider.name',
      'provider.tokenEndpoint',
    ])
  })

  it('P4: an origin that is a wrong URL and another mistake are reported at once', () => {
    expect(pathsOf(mistakesOf({ ...acme, name: 'ACME', apiOrigins: ['http://api.acme.test'] }))).toEqual([
      'provider.apiOrigins.0',
      'provider.name',
    ])
  })

  it.each(['https://api:80.acme.test', 'https://[x[::1]', 'https://[::1].acme.test', 'https://acme.*'])(
    'P4: %s is not an origin, and the message says what one is',
    (origin) => {
      expect(mistakesOf({ ...acme, apiOrigins: [origin] })).toContain(
        'provider.apiOrigins.0 must be an origin such as https://api.example.com or https://*.example.com',
      )
    },
  )

  it('P4: origins that are no list and another mistake are reported at once', () => {
    expect(pathsOf(mistakesOf({ ...acme, name: 'ACME', apiOrigins: 'https://api.acme.test' }))).toEqual([
      'provider.apiOrigins',
      'provider.name',
    ])
  })

  it('P4: without a token endpoint and an issuer, the message names both', () => {
    const mistakes = mistakesOf({ name: 'acme' })
    expect(pathsOf(mistakes)).toEqual(['provider.tokenEndpoint'])
    expect(mistakes.join()).toContain('issuer')
  })

  it('P4: a missing name is reported', () => {
    expect(mistakesOf({ tokenEndpoint: acme.tokenEndpoint })).toEqual(['provider.name is missing'])
  })
})

describe('findProviderMistakes: URLs', () => {
  const places = ['tokenEndpoint', 'issuer', 'api'] as const

  describe.each(places)('%s', (place) => {
    it.each([
      ['no URL', 'login.acme.test/token'],
      ['a path', '/token'],
      ['empty', ''],
      ['a file', 'file:///etc/passwd'],
      ['a script', 'javascript:alert(1)'],
      ['data', 'data:application/json,{}'],
      ['ftp', 'ftp://login.acme.test/token'],
      ['with a user name', `https://${marked}@login.acme.test/token`],
      ['with a password', `https://user:${marked}@login.acme.test/token`],
      ['with a tenant that was pasted', 'https://evil.test/#.acme.test/token'],
      ['plain http', 'http://login.acme.test/token'],
      ['plain http to a look-alike of loopback', 'http://localhost.evil.test/token'],
      ['plain http to a look-alike of an address', 'http://127.0.0.1.evil.test/token'],
      ['plain http to a private address', 'http://192.168.0.1/token'],
      ['plain http to every address', 'http://0.0.0.0/token'],
    ])('G7: %s is rejected by its path, without the value', (_, url) => {
      const mistakes = mistakesOf({ ...acme, [place]: url })
      expect(pathsOf(mistakes)).toEqual([`provider.${place}`])
      expect(mistakes.join()).not.toContain('MARKED')
      if (URL.canParse(url))
        expect(pathsOf(mistakesOf({ ...acme, [place]: new URL(url) }))).toEqual([`provider.${place}`])
    })

    it.each([
      'https://login.acme.test/token',
      'http://localhost:8080/token',
      'http://127.0.0.1/token',
      'http://127.1.2.3:99/token',
      'http://[::1]:8080/token',
      'http://acme.localhost/token',
    ])('G7: %s is accepted', (url) => {
      expect(mistakesOf({ ...acme, [place]: url })).toEqual([])
    })

    it('G7: http to another machine requires the permission, which permits nothing else', () => {
      expect(mistakesOf({ ...acme, [place]: 'http://login.acme.test/token' }, true)).toEqual([])
      expect(pathsOf(mistakesOf({ ...acme, [place]: 'ftp://login.acme.test/token' }, true))).toEqual([
        `provider.${place}`,
      ])
      expect(pathsOf(mistakesOf({ ...acme, [place]: 'http://u:p@login.acme.test/token' }, true))).toEqual([
        `provider.${place}`,
      ])
      expect(mistakesOf({ ...acme, [place]: 'http://login.acme.test/token' }).join()).toContain('allowInsecureRequests')
    })
  })

  it('G7: all wrong URLs are reported at once', () => {
    const provider = { name: 'acme', tokenEndpoint: 'http://a.test', issuer: 'x', api: 'ftp://b.test' }
    expect(pathsOf(mistakesOf(provider))).toEqual(['provider.api', 'provider.issuer', 'provider.tokenEndpoint'])
  })
})

describe('findProviderMistakes: what is left out', () => {
  it('P4: an undefined option counts as missing', () => {
    const names = ['issuer', 'scopes', 'parameters', 'tokenRequest', 'defaultLifetime', 'apiOrigins', 'api', 'explain']
    const provider = { ...acme, ...Object.fromEntries(names.map((name) => [name, undefined])) }
    expect(mistakesOf(provider)).toEqual([])
  })

  it('G4: another issuer is accepted by its exact name only', () => {
    const issuer = 'https://login.acme.test'
    for (const acceptIssuer of ['idp', true, '', 7, ['https://a.test']]) {
      const provider = { name: 'acme', issuer, issuerMetadata: { acceptIssuer } }
      expect(pathsOf(mistakesOf(provider))).toEqual(['provider.issuerMetadata.acceptIssuer'])
    }
    for (const issuerMetadata of [true, 'https://a.test', null]) {
      expect(pathsOf(mistakesOf({ name: 'acme', issuer, issuerMetadata }))).toEqual(['provider.issuerMetadata'])
    }
    const unknown = { name: 'acme', issuer, issuerMetadata: { acceptAnyIssuer: true } }
    expect(pathsOf(mistakesOf(unknown))).toEqual(['provider.issuerMetadata.acceptAnyIssuer'])
  })

  it('G4: issuerMetadata beside a token endpoint is rejected, because no metadata is read', () => {
    const provider = { ...acme, issuer: 'https://login.acme.test', issuerMetadata: {} }
    expect(mistakesOf(provider)).toEqual([
      expect.stringMatching(/^provider\.issuerMetadata has no effect beside tokenEnd/),
    ])
  })

  it.each([
    ['a token request by GET', { dpop: true, tokenRequest: { method: 'GET' } }, true],
    ['a token request by POST', { dpop: true, tokenRequest: { method: 'POST', bodyFormat: 'json' } }, false],
    ['without DPoP, a token request by GET', { dpop: false, tokenRequest: { method: 'GET' } }, false],
  ])('P4: dpop requires a token request by POST: %s', (_, options, isMistake) => {
    const mistake =
      'provider.tokenRequest.method must be POST with dpop, because openid-client creates proofs for POST only'
    expect(mistakesOf({ ...acme, ...options })).toEqual(isMistake ? [mistake] : [])
  })

  it('G4: the URL of the metadata is not an issuer', () => {
    for (const place of ['openid-configuration', 'oauth-authorization-server']) {
      const mistakes = mistakesOf({ name: 'acme', issuer: `https://login.acme.test/.well-known/${place}` })
      expect(mistakes).toEqual([expect.stringMatching(/^provider\.issuer .*well-known/)])
    }
  })
})

describe('findProviderMistakes: apiOrigins', () => {
  it.each([
    'https://api.acme.test',
    'https://api.acme.test/',
    'https://API.Acme.test',
    'https://api.acme.test:8443',
    'https://*.acme.test',
    'https://*.*.acme.test',
    'https://*.acme.test:8443',
    'http://localhost:3000',
    'http://127.0.0.1:3000',
    'http://[::1]:3000',
  ])('H1: %s is an origin', (origin) => {
    expect(mistakesOf({ ...acme, apiOrigins: [origin] })).toEqual([])
  })

  it.each([
    ['everybody', '*'],
    ['everybody over https', 'https://*'],
    ['a whole top-level domain', 'https://*.com'],
    ['a whole top-level domain, with a port', 'https://*.com:443'],
    ['a whole top-level domain, twice', 'https://*.*.com'],
    ['a top-level domain with a dot at its end', 'https://*.com.'],
    ['a star inside a label', 'https://api*.acme.test'],
    ['a star at the end', 'https://acme.*'],
    ['a star in the middle', 'https://api.*.acme.test'],
    ['a path', 'https://api.acme.test/v2'],
    ['a query', 'https://api.acme.test?x'],
    ['a fragment', 'https://api.acme.test#x'],
    ['a user', 'https://user@api.acme.test'],
    ['a tenant that was pasted', 'https://evil.test/#.acme.test'],
    ['a tenant that was pasted, with a backslash', 'https://evil.test\\.acme.test'],
    ['no scheme', 'api.acme.test'],
    ['another scheme', 'ftp://api.acme.test'],
    ['a space', 'https://api.acme.test '],
    ['a line break', 'https://api.acme.test\n'],
    ['two', 'https://a.test,https://b.test'],
    ['empty', ''],
    ['an empty label', 'https://api..acme.test'],
  ])('P4: %s is not an origin', (_, origin) => {
    expect(pathsOf(mistakesOf({ ...acme, apiOrigins: ['https://good.acme.test', origin] }))).toEqual([
      'provider.apiOrigins.1',
    ])
  })

  it.each([
    ['an impossible port', 'https://api.acme.test:99999'],
    ['an impossible address', 'https://256.256.256.256'],
    ['an impossible address of version 6', 'https://[::::]'],
  ])('P4: %s is not a valid origin', (_, origin) => {
    expect(URL.canParse(origin)).toBe(false)
    expect(pathsOf(mistakesOf({ ...acme, apiOrigins: [origin] }))).toEqual(['provider.apiOrigins.0'])
  })

  it('H1: plain http to another machine is also rejected as an origin, because no token would ever go there', () => {
    expect(pathsOf(mistakesOf({ ...acme, apiOrigins: ['http://api.acme.test'] }))).toEqual(['provider.apiOrigins.0'])
    expect(mistakesOf({ ...acme, apiOrigins: ['http://api.acme.test'] }, true)).toEqual([])
  })
})

describe('createClient', () => {
  const credentials = { clientId: 'app', clientSecret: marked }

  function refusalOf(provider: unknown, options: unknown): NightlatchError {
    try {
      createClient(provider as Provider, options as { credentials: typeof credentials })
    } catch (error) {
      if (error instanceof NightlatchError) return error
      throw error
    }
    throw new Error('The client was created.')
  }

  it('P4: mistakes of the provider, the options and the credentials are reported at once', () => {
    const provider = { name: 'ACME', tokenEndpoint: acme.tokenEndpoint, defaultLifetime: 0 }
    const options = { credentials: { clientId: '', clientSecret: `${marked}\n` }, timeout: '10', scopes: { marked } }
    const failure = refusalOf(provider, options)
    expect(failure).toMatchObject({ code: 'invalid_options', retryable: false, provider: undefined })
    for (const path of [
      'provider.name',
      'provider.defaultLifetime',
      'options.credentials.clientId',
      'options.credentials.clientSecret',
      'options.timeout',
      'options.scopes',
    ]) {
      expect(failure.message).toContain(`${path} `)
    }
    expect(findLeaks(failure, [marked])).toEqual([])
  })

  it.each<[string, unknown, unknown]>([
    ['the secret for options', acme, marked],
    ['the secret for credentials', acme, { credentials: marked }],
    ['the secret for a client id', acme, { credentials: { clientId: [marked] } }],
    ['the secret under a wrong name', acme, { credentials, clientSecret: marked }],
    ['the secret in an object for scopes', acme, { credentials, scopes: { marked } }],
    ['the secret for a parameter', acme, { credentials, parameters: { client_secret: marked } }],
    ['the secret for a timeout', acme, { credentials, timeout: marked }],
    ['the secret for a provider', marked, { credentials }],
    ['the secret for a name', { ...acme, name: marked }, { credentials }],
    ['the secret in the URL', { ...acme, tokenEndpoint: `https://app:${marked}@login.acme.test/` }, { credentials }],
    ['the secret for an origin', { ...acme, apiOrigins: [marked] }, { credentials }],
    ['the secret in a header', { ...acme, tokenRequest: { headers: { 'x-key': `${marked}\n1` } } }, { credentials }],
    ['the secret for a function', { ...acme, clientAuthentication: marked }, { credentials }],
  ])('X1: %s is rejected and not printed', (description, provider, options) => {
    const failure = refusalOf(provider, options)
    expect(failure.code).toBe('invalid_options')
    // The name is what every error tells; it is the one field that is no secret wherever it comes from.
    if (description !== 'the secret for a name') expect(findLeaks(failure, [marked])).toEqual([])
    expect(failure.message).not.toContain(marked)
  })

  it('G3: a provider that is an instance of a class is rejected, because it would lose its methods', async () => {
    class Acme implements Provider {
      readonly name = 'acme'
      readonly tokenEndpoint = acme.tokenEndpoint
      get clientAuthentication(): ClientAuthentication {
        return { name: 'own', authenticate: ({ headers }) => headers.set('x-own-way', 'yes') }
      }
    }
    const sent: Headers[] = []
    const fetch: typeof globalThis.fetch = async (_, init) => {
      sent.push(new Headers(init?.headers))
      return Response.json({ access_token: 'abc' })
    }
    // It may as well be refused as no plain object; what must not be is the default way, which nobody asked for.
    const refused = await (async () => await createClient(new Acme(), { credentials, fetch }).token())().then(
      () => false,
      (error: unknown) => error instanceof NightlatchError && error.code === 'invalid_options',
    )
    expect(sent.map((headers) => [headers.get('x-own-way'), headers.get('authorization')])).toEqual(
      refused ? [] : [['yes', null]],
    )
  })

  it('P4: all unknown options are reported at once, at every depth', () => {
    const provider = { ...acme, tokenRequest: { verb: 'POST', format: 'form' } }
    const options = { credentials: { clientId: 'app', client_secret: marked, key: marked }, scope: 'a', cache: {} }
    const { message } = refusalOf(provider, options)
    expect(message).toBe(
      [
        'Unknown field `provider.tokenRequest.verb`: remove it, or check its spelling;',
        'Unknown field `provider.tokenRequest.format`: remove it, or check its spelling;',
        'Unknown option `scope`. Did you mean `scopes`?',
        'Unknown option `cache`: remove it, or check its spelling;',
        'Unknown option `credentials.client_secret`. Did you mean `credentials.clientSecret`?',
        'Unknown option `credentials.key`: remove it, or check its spelling',
      ].join(' '),
    )
  })

  it.each([undefined, null, 17, 'x', []])('P4: %o for options is refused as such', (options) => {
    expect(refusalOf(acme, options).code).toBe('invalid_options')
  })

  it.each(['api.acme.test:99999', '256.256.256.256'])(
    'P4: an origin no URL can have (%s) is an invalid option, not a TypeError',
    (host) => {
      expect(refusalOf({ ...acme, apiOrigins: [`https://${host}`] }, { credentials }).code).toBe('invalid_options')
    },
  )
})

describe('copyDescription', () => {
  it('G3: a later change of a nested object has no effect', () => {
    const given = {
      ...acme,
      tokenRequest: { grantType: 'own' },
      issuerMetadata: { acceptIssuer: 'https://idp.acme.test' },
      tokenRejection: { statuses: [403] },
    }
    const copy = copyDescription(given)
    expect(copy).toEqual(given)
    given.tokenRequest.grantType = 'changed later'
    given.issuerMetadata.acceptIssuer = 'https://evil.test'
    given.tokenRejection.statuses = []
    expect(copy).toEqual({
      ...acme,
      tokenRequest: { grantType: 'own' },
      issuerMetadata: { acceptIssuer: 'https://idp.acme.test' },
      tokenRejection: { statuses: [403] },
    })
    expect(copyDescription(acme)).toEqual(acme)
  })
})

describe('choosesAuthenticationLater', () => {
  it('G10: if an issuer names the endpoint, and the provider sets no method', () => {
    const issuer = 'https://login.acme.test'
    expect(choosesAuthenticationLater({ name: 'acme', issuer })).toBe(true)
    expect(choosesAuthenticationLater({ name: 'acme', issuer, clientAuthentication: clientSecretPost() })).toBe(false)
    expect(choosesAuthenticationLater({ ...acme, issuer })).toBe(false)
    expect(choosesAuthenticationLater(acme)).toBe(false)
  })
})
