import { createHash, generateKeyPairSync } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import type { ClientAuthentication, TokenRequestDraft } from '../../src/acquire/authentication-method.ts'
import { methodName } from '../../src/acquire/authentication-method.ts'
import {
  chooseClientAuthentication,
  clientSecretBasic,
  clientSecretJwt,
  clientSecretPost,
  type JwtAuthenticationOptions,
  none,
  privateKeyJwt,
  tlsClientAuth,
} from '../../src/acquire/client-authentication.ts'
import type { Credentials, IdentifiedCredentials } from '../../src/acquire/credentials.ts'
import { NightlatchError } from '../../src/errors.ts'
import { failureOf } from './failure-of.ts'
import { findLeaks } from './printings.ts'

function draft(): TokenRequestDraft {
  return {
    url: new URL('https://login.acme.test/token'),
    headers: new Headers({ accept: 'application/json' }),
    parameters: new URLSearchParams({ grant_type: 'client_credentials' }),
    issuer: undefined,
  }
}

async function authenticated(
  clientAuthentication: ClientAuthentication,
  credentials: IdentifiedCredentials,
): Promise<TokenRequestDraft> {
  const request = draft()
  await clientAuthentication.authenticate(request, credentials)
  return request
}

/** What stands in a Basic header before its Base64, as bytes: node's own decoder says so, not ours. */
function pairOf(request: TokenRequestDraft): Buffer {
  const header = request.headers.get('authorization') ?? ''
  const [scheme, value = '', ...rest] = header.split(' ')
  expect([scheme, rest]).toEqual(['Basic', []])
  expect(value).toMatch(/^[A-Za-z0-9+/]+={0,2}$/)
  return Buffer.from(value, 'base64')
}

describe('clientSecretBasic', () => {
  it('G2: the worked example of RFC 6749, section 2.3.1', async () => {
    const request = await authenticated(clientSecretBasic(), {
      clientId: 's6BhdRkqt3',
      clientSecret: '7Fjfp0ZBr1KtDRbnfVdmIw',
    })
    expect(request.headers.get('authorization')).toBe('Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3')
  })

  it("G2: Prevu3D's example, whose characters no encoding changes", async () => {
    const credentials = { clientId: 'your-client-id', clientSecret: 'your-client-secret' }
    for (const encoding of ['form', 'raw'] as const) {
      const request = await authenticated(clientSecretBasic({ encoding }), credentials)
      expect(request.headers.get('authorization')).toBe('Basic eW91ci1jbGllbnQtaWQ6eW91ci1jbGllbnQtc2VjcmV0')
    }
  })

  const characters: readonly (readonly [string, string])[] = [
    [':', '%3A'],
    ['+', '%2B'],
    ['%', '%25'],
    ['/', '%2F'],
    ['=', '%3D'],
    ['&', '%26'],
    ['?', '%3F'],
    ['#', '%23'],
    [' ', '+'],
    ['~', '%7E'],
    ['!', '%21'],
    ["'", '%27'],
    ['(', '%28'],
    [')', '%29'],
    ['*', '*'],
    ['-', '-'],
    ['.', '.'],
    ['_', '_'],
    ['%41', '%2541'],
    ['ü', '%C3%BC'],
    ['€', '%E2%82%AC'],
    ['\u{1f511}', '%F0%9F%94%91'],
  ]

  it.each(characters)('G2: form: %s in id and secret is sent as %s', async (character, encoded) => {
    const credentials = { clientId: `id${character}1`, clientSecret: `se${character}cret` }
    const request = await authenticated(clientSecretBasic({ encoding: 'form' }), credentials)
    expect(pairOf(request).toString('latin1')).toBe(`id${encoded}1:se${encoded}cret`)
  })

  it.each(characters.filter(([character]) => character !== ':'))(
    'G2: raw: %s in id and secret is sent as UTF-8, as it is',
    async (character) => {
      const credentials = { clientId: `id${character}1`, clientSecret: `se${character}cret` }
      const request = await authenticated(clientSecretBasic({ encoding: 'raw' }), credentials)
      expect(pairOf(request)).toEqual(Buffer.from(`id${character}1:se${character}cret`, 'utf8'))
    },
  )

  it('G2: the default is the form encoding', async () => {
    const credentials = { clientId: 'a:b', clientSecret: 'c+d' }
    expect(pairOf(await authenticated(clientSecretBasic(), credentials)).toString()).toBe('a%3Ab:c%2Bd')
    expect(pairOf(await authenticated(clientSecretBasic({}), credentials)).toString()).toBe('a%3Ab:c%2Bd')
  })

  it('G2: raw: a colon in the secret is sent, for servers split at the first one', async () => {
    const request = await authenticated(clientSecretBasic({ encoding: 'raw' }), {
      clientId: 'a',
      clientSecret: ':b:c:',
    })
    expect(pairOf(request).toString()).toBe('a::b:c:')
  })

  it('G2: raw: a colon in the client id fails with a message that names the alternatives', async () => {
    const credentials = { clientId: 'MARKED:id', clientSecret: 'MARKED-secret' }
    const request = draft()
    const failure = await failureOf(
      (async () => await clientSecretBasic({ encoding: 'raw' }).authenticate(request, credentials))(),
    )
    expect(failure).toMatchObject({ code: 'invalid_options', retryable: false })
    expect(failure.message).toMatch(/clientId.*colon.*form.*clientSecretPost/)
    expect(request.headers.has('authorization')).toBe(false)
    expect(findLeaks(failure, ['MARKED-secret'])).toEqual([])
  })

  it('G2: form: a colon in the client id works', async () => {
    const request = await authenticated(clientSecretBasic({ encoding: 'form' }), {
      clientId: 'a:b',
      clientSecret: 'c:d',
    })
    expect(pairOf(request).toString()).toBe('a%3Ab:c%3Ad')
  })

  it('G2: a long secret is sent whole', async () => {
    const clientSecret = '\u{1f511}%'.repeat(4000)
    const request = await authenticated(clientSecretBasic({ encoding: 'raw' }), { clientId: 'a', clientSecret })
    expect(pairOf(request).toString('utf8')).toBe(`a:${clientSecret}`)
  })

  it('G3: only the header is set', async () => {
    for (const encoding of ['form', 'raw'] as const) {
      const request = await authenticated(clientSecretBasic({ encoding }), { clientId: 'a', clientSecret: 'b' })
      expect(request.parameters.toString()).toBe('grant_type=client_credentials')
      expect(request.url.href).toBe('https://login.acme.test/token')
      expect([...request.headers.keys()].sort()).toEqual(['accept', 'authorization'])
      expect(request.json).toBeUndefined()
    }
  })

  it.each(['FORM', 'base64', '', null, 1])('G2: encoding %o is refused at once', (encoding) => {
    const make = (): ClientAuthentication => clientSecretBasic({ encoding: encoding as 'form' })
    expect(make).toThrow(NightlatchError)
    expect(make).toThrow(/encoding must be 'form' or 'raw'/)
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  })
})

describe('clientSecretPost', () => {
  it('G2: the form carries any character', async () => {
    const credentials = { clientId: 'a:+%/=& ü', clientSecret: 'c:+%/=& \u{1f511}' }
    const request = await authenticated(clientSecretPost(), credentials)
    const received = new URLSearchParams(request.parameters.toString())
    expect(received.get('client_id')).toBe(credentials.clientId)
    expect(received.get('client_secret')).toBe(credentials.clientSecret)
    expect(request.parameters.toString()).toContain('client_id=a%3A%2B%25%2F%3D%26+%C3%BC&')
  })

  it('G3: no Authorization header, nothing twice', async () => {
    const request = draft()
    request.parameters.set('client_id', 'another')
    await clientSecretPost().authenticate(request, { clientId: 'a', clientSecret: 'b' })
    expect(request.headers.has('authorization')).toBe(false)
    expect(request.parameters.getAll('client_id')).toEqual(['a'])
    expect(request.parameters.getAll('client_secret')).toEqual(['b'])
    expect(request.url.search).toBe('')
  })
})

describe.each([
  ['client_secret_basic', clientSecretBasic()],
  ['client_secret_post', clientSecretPost()],
])('%s', (method, authenticate) => {
  it('G3: credentials without a secret fail with the path of the missing option', async () => {
    const failure = await failureOf(authenticated(authenticate, { clientId: 'a' }))
    expect(failure.code).toBe('invalid_options')
    expect(failure.message).toBe(`options.credentials.clientSecret is missing, but ${method} requires it`)
  })
})

const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
}
const keyed: Credentials = { clientId: 'app', privateKey: pair.privateKey, keyId: 'k1' }
const secretive: Credentials = { clientId: 'app', clientSecret: 'MARKED-secret' }

/** The claims of the assertion on a request, unverified. */
function claimsOn({ parameters }: TokenRequestDraft): Record<string, unknown> {
  return decodeJwt(parameters.get('client_assertion') ?? '')
}

const issuer = new URL('https://login.acme.test')

describe.each([
  ['clientSecretJwt', clientSecretJwt, secretive],
  ['privateKeyJwt', privateKeyJwt, keyed],
] as const)('%s', (method, make, credentials) => {
  it('G8: the issuer is the sole audience, as it is written and not as a URL formats it', async () => {
    const request = { ...draft(), issuer, issuerIdentifier: 'https://login.acme.test' }
    await make().authenticate(request, credentials)
    expect(claimsOn(request).aud).toBe('https://login.acme.test')
  })

  it('G8: the URL, for an issuer without its original spelling', async () => {
    const request = { ...draft(), issuer }
    await make().authenticate(request, credentials)
    expect(claimsOn(request).aud).toBe('https://login.acme.test/')
  })

  it('G8: the token endpoint, if no issuer is known', async () => {
    for (const audience of ['issuer', 'tokenEndpoint'] as const) {
      expect(claimsOn(await authenticated(make({ audience }), credentials)).aud).toBe('https://login.acme.test/token')
    }
  })

  it('G8: the token endpoint or another URL, if the provider says so', async () => {
    for (const [audience, expected] of [
      ['tokenEndpoint', 'https://login.acme.test/token'],
      [new URL('https://sts.acme.test/adfs/oauth2/token'), 'https://sts.acme.test/adfs/oauth2/token'],
    ] as const) {
      const request = { ...draft(), issuer, issuerIdentifier: 'https://login.acme.test' }
      await make({ audience }).authenticate(request, credentials)
      expect(claimsOn(request).aud).toBe(expected)
    }
  })

  it("G8: the assertion is valid for a minute by the client's clock", async () => {
    const request = { ...draft(), date: new Date(1_700_000_000_999) }
    await make().authenticate(request, credentials)
    expect(claimsOn(request)).toMatchObject({ iat: 1_699_999_995, exp: 1_700_000_060 })
    const before = Math.floor(Date.now() / 1000) - 5
    const { iat } = claimsOn(await authenticated(make(), credentials))
    expect(iat).toBeGreaterThanOrEqual(before)
    expect(iat).toBeLessThanOrEqual(Date.now() / 1000)
  })

  it('G8: each call signs a new assertion', async () => {
    const request = draft()
    const clientAuthentication = make()
    const made: string[] = []
    for (let count = 0; count < 20; count += 1) {
      await clientAuthentication.authenticate(request, credentials)
      made.push(String(claimsOn(request).jti))
    }
    expect(new Set(made).size).toBe(20)
    expect(request.parameters.getAll('client_assertion')).toHaveLength(1)
  })

  it('G3: only its parameters are set, without the secret', async () => {
    const request = await authenticated(make(), credentials)
    expect([...request.parameters.keys()]).toEqual([
      'grant_type',
      'client_id',
      'client_assertion_type',
      'client_assertion',
    ])
    expect(request.parameters.get('client_assertion_type')).toBe(
      'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    )
    expect([...request.headers.keys()]).toEqual(['accept'])
    expect(request.url.href).toBe('https://login.acme.test/token')
    expect(JSON.stringify([claimsOn(request), ...request.parameters])).not.toContain('MARKED')
  })

  it.each(['https://login.acme.test', ['issuer'], 'ISSUER', null, ''])(
    'G8: an audience of %j is refused at once',
    (audience) => {
      const attempt = (): unknown => make({ audience: audience as 'issuer' })
      expect(attempt).toThrow(NightlatchError)
      expect(attempt).toThrow(new RegExp(`^${method}: audience must be 'issuer', 'tokenEndpoint' or a URL object`))
      expect(attempt).toThrow(expect.objectContaining({ code: 'invalid_options' }))
    },
  )

  it.each(['none', 'HS1', 'ES256K', '', 'rs256', 'toString', 7])('G8: algorithm %j is refused at once', (algorithm) => {
    const attempt = (): unknown => make({ algorithm: algorithm as string })
    expect(attempt).toThrow(new RegExp(`^${method}: algorithm must be one of `))
    expect(attempt).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  })

  it('G8: an algorithm of the other kind is rejected', () => {
    expect(() => make({ algorithm: make === clientSecretJwt ? 'ES256' : 'HS256' })).toThrow(
      make === clientSecretJwt ? /one of HS256, HS384, HS512$/ : /one of RS256, RS384, RS512, PS256, /,
    )
  })
})

describe('clientSecretJwt', () => {
  it.each(['HS256', 'HS384', 'HS512'])(
    'G8: %s over the secret in UTF-8, as another library verifies it',
    async (alg) => {
      const clientSecret = 'pässword \u{1f511} of some length'
      const request = await authenticated(clientSecretJwt({ algorithm: alg }), { clientId: 'app', clientSecret })
      const assertion = request.parameters.get('client_assertion') ?? ''
      const { payload, protectedHeader } = await jwtVerify(assertion, new TextEncoder().encode(clientSecret), {
        algorithms: [alg],
      })
      expect(protectedHeader).toEqual({ typ: 'client-authentication+jwt', alg })
      expect(payload).toMatchObject({ iss: 'app', sub: 'app' })
    },
  )

  it('G8: credentials without a secret fail with the path of the missing option', async () => {
    for (const credentials of [keyed, { clientId: 'app' }]) {
      const failure = await failureOf(authenticated(clientSecretJwt(), credentials))
      expect(failure.code).toBe('invalid_options')
      expect(failure.message).toBe('options.credentials.clientSecret is missing, but client_secret_jwt requires it')
    }
  })
})

describe('privateKeyJwt', () => {
  it('G8: signed by the key, as another library verifies it, under the name of the key', async () => {
    const request = await authenticated(privateKeyJwt(), keyed)
    const { protectedHeader } = await jwtVerify(request.parameters.get('client_assertion') ?? '', pair.publicKey)
    expect(protectedHeader).toEqual({ typ: 'client-authentication+jwt', alg: 'ES256', kid: 'k1' })
  })

  it('G8: a key without a name has none in the header', async () => {
    const request = await authenticated(privateKeyJwt(), { clientId: 'app', privateKey: pair.privateKey })
    const header = decodeProtectedHeader(request.parameters.get('client_assertion') ?? '')
    expect(Object.keys(header).sort()).toEqual(['alg', 'typ'])
  })

  it('G8: a key that does not sign with the algorithm is rejected, and the message names its algorithms', async () => {
    const { privateKey } = await crypto.subtle.generateKey(rsa, false, ['sign', 'verify'])
    for (const algorithm of ['PS256', 'RS512', 'ES256']) {
      const failure = await failureOf(authenticated(privateKeyJwt({ algorithm }), { clientId: 'app', privateKey }))
      expect(failure.code).toBe('invalid_options')
      expect(failure.message).toBe(
        `options.credentials.privateKey does not sign with ${algorithm}; it signs with RS256`,
      )
    }
  })

  it('G8: credentials without a key fail with the path of the missing option', async () => {
    for (const credentials of [secretive, { clientId: 'app' }]) {
      const failure = await failureOf(authenticated(privateKeyJwt(), credentials))
      expect(failure.code).toBe('invalid_options')
      expect(failure.message).toBe('options.credentials.privateKey is missing, but private_key_jwt requires it')
      expect(findLeaks(failure, ['MARKED-secret'])).toEqual([])
    }
  })
})

describe('privateKeyJwt: keys as they are kept', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const jwk = privateKey.export({ format: 'jwk' })

  async function headerOf(credentials: IdentifiedCredentials, options: JwtAuthenticationOptions = {}): Promise<object> {
    const request = await authenticated(privateKeyJwt(options), credentials)
    return (await jwtVerify(request.parameters.get('client_assertion') ?? '', publicKey)).protectedHeader
  }

  it.each([
    ['PEM', pem],
    ['a JWK', jwk],
    ["a JWK's JSON", JSON.stringify(jwk)],
  ])('G8: %s signs with RS256, or with the algorithm of the provider', async (_, key) => {
    const credentials = { clientId: 'app', privateKey: key, keyId: 'k1' }
    const typ = 'client-authentication+jwt'
    expect(await headerOf(credentials)).toEqual({ typ, alg: 'RS256', kid: 'k1' })
    expect(await headerOf(credentials, { algorithm: 'PS384' })).toEqual({ typ, alg: 'PS384', kid: 'k1' })
  })

  it('G8: the `kid` of a JWK is used, unless the credentials have a keyId', async () => {
    const named = { ...jwk, kid: 'own' }
    expect(await headerOf({ clientId: 'app', privateKey: named })).toMatchObject({ kid: 'own' })
    expect(await headerOf({ clientId: 'app', privateKey: named, keyId: 'k1' })).toMatchObject({ kid: 'k1' })
  })

  it('G8: a key that does not sign with the algorithm is an error that names the option', async () => {
    const failure = await failureOf(
      authenticated(privateKeyJwt({ algorithm: 'ES256' }), { clientId: 'app', privateKey: pem }),
    )
    expect(failure).toMatchObject({ code: 'invalid_options' })
    expect(failure.message).toMatch(/^options\.credentials\.privateKey does not sign with ES256; it signs with RS256, /)
    expect(findLeaks(failure, [pem.slice(40, 80)])).toEqual([])
  })
})

describe('privateKeyJwt: the header', () => {
  const certificate = `-----BEGIN CERTIFICATE-----\n${btoa('any DER')}\n-----END CERTIFICATE-----`
  const headerOf = async (options: JwtAuthenticationOptions): Promise<unknown> => {
    const request = await authenticated(privateKeyJwt(options), keyed)
    return decodeProtectedHeader(request.parameters.get('client_assertion') ?? '')
  }
  const digest = (hash: string): string => createHash(hash).update('any DER').digest('base64url')
  const usual = { typ: 'client-authentication+jwt', alg: 'ES256', kid: 'k1' }

  it('G8: the thumbprints of a certificate, and other members', async () => {
    const thumbprints = { x5t: digest('sha1'), 'x5t#S256': digest('sha256') }
    expect(await headerOf({ certificate })).toEqual({ ...usual, ...thumbprints })
    const header = { typ: 'JWT', cty: 'x', nested: { a: [1] } }
    expect(await headerOf({ certificate, header })).toEqual({ ...usual, ...thumbprints, ...header })
  })

  it('G8: the caller can change the header later without effect', async () => {
    const header = { cty: 'x' }
    const clientAuthentication = privateKeyJwt({ header })
    header.cty = 'changed'
    const request = await authenticated(clientAuthentication, keyed)
    expect(decodeProtectedHeader(request.parameters.get('client_assertion') ?? '')).toMatchObject({ cty: 'x' })
  })

  it.each<[unknown, RegExp]>([
    [{ certificate: '' }, /certificate must be PEM, .*check that it is set/],
    [{ certificate: 7 }, /certificate must be PEM/],
    [{ certificate: '-----BEGIN PRIVATE KEY-----\nMARKED\n-----END PRIVATE KEY-----' }, /certificate must be PEM/],
    [{ header: 'MARKED' }, /header must be an object of JSON values/],
    [{ header: ['MARKED'] }, /header must be an object of JSON values/],
    [{ header: null }, /header must be an object of JSON values/],
    [{ header: { a: 1n } }, /header must be an object of JSON values/],
    ...['alg', 'kid', 'crit', 'b64'].map((name): [unknown, RegExp] => [
      { header: { [name]: 'MARKED' } },
      new RegExp(`header must not contain ${name}\\. `),
    ]),
  ])('G8: %o is rejected at once', (options, what) => {
    const attempt = (): unknown => privateKeyJwt(options as JwtAuthenticationOptions)
    expect(attempt).toThrow(what)
    expect(attempt).toThrow(expect.objectContaining({ code: 'invalid_options' }))
    expect(attempt).not.toThrow('MARKED')
  })

  it('G8: a secret has no certificate, and its header may have other members', async () => {
    expect(() => clientSecretJwt({ certificate })).toThrow(/certificate is an option of privateKeyJwt/)
    const request = await authenticated(clientSecretJwt({ header: { typ: 'JWT' } }), secretive)
    expect(decodeProtectedHeader(request.parameters.get('client_assertion') ?? '')).toEqual({
      typ: 'JWT',
      alg: 'HS256',
    })
  })
})

describe('the audience of an issuer that only a URL parser understands', () => {
  it.each([
    [' https://login.acme.test ', 'https://login.acme.test'],
    ['https://login.acme.test/\n', 'https://login.acme.test/'],
    ['https:\\\\login.acme.test', 'https://login.acme.test'],
    ['https:\\\\login.acme.test\\', 'https://login.acme.test/'],
    ['https:\\\\login.acme.test\\realms\\a', 'https://login.acme.test/realms/a'],
    ['https://login.acme.test/a\tb', 'https://login.acme.test/ab'],
    ['https://login.acme.test/a b', 'https://login.acme.test/a%20b'],
    ['https://login.acme.test?a=1 ', 'https://login.acme.test/?a=1'],
    // What a parser would spell otherwise, but a server may well call itself, stays.
    ['https://Login.Acme.test:443', 'https://Login.Acme.test:443'],
  ])('G8: %j is signed as %j', async (issuerIdentifier, audience) => {
    const request = { ...draft(), issuer: new URL(issuerIdentifier), issuerIdentifier }
    await clientSecretJwt().authenticate(request, secretive)
    expect(claimsOn(request).aud).toBe(audience)
  })
})

describe.each([
  ['tlsClientAuth', tlsClientAuth],
  ['none', none],
])('%s', (_, make) => {
  it('G3: only the client id is sent', async () => {
    for (const credentials of [{ clientId: 'a:+ü' }, { clientId: 'a:+ü', clientSecret: 'MARKED' }]) {
      const request = await authenticated(make(), credentials)
      expect([...request.parameters]).toEqual([
        ['grant_type', 'client_credentials'],
        ['client_id', 'a:+ü'],
      ])
      expect([...request.headers.keys()]).toEqual(['accept'])
    }
  })
})

describe('chooseClientAuthentication', () => {
  const all = [
    'none',
    'client_secret_jwt',
    'client_secret_post',
    'tls_client_auth',
    'private_key_jwt',
    'client_secret_basic',
  ]

  it.each<[Credentials, readonly string[], string]>([
    [secretive, all, 'client_secret_basic form'],
    [secretive, ['client_secret_post', 'client_secret_jwt', 'none'], 'client_secret_post'],
    [secretive, ['private_key_jwt', 'client_secret_jwt'], 'client_secret_jwt HS256 issuer'],
    [keyed, all, 'private_key_jwt key issuer'],
  ])('G10: credentials %o and %j', (credentials, supported, name) => {
    expect(chooseClientAuthentication(supported, credentials).name).toBe(name)
  })

  it.each<[Credentials, readonly string[], string]>([
    [{ clientId: 'app' }, ['none', 'tls_client_auth'], 'tls_client_auth, none'],
    [
      { clientId: 'app' },
      [...all, 'self_signed_tls_client_auth'],
      'client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, tls_client_auth, self_signed_tls_client_auth, none',
    ],
    [keyed, ['client_secret_basic'], 'client_secret_basic'],
    [secretive, ['private_key_jwt', 'MARKED-own-way'], 'private_key_jwt'],
    [secretive, ['MARKED-own-way'], 'none is supported'],
    [secretive, [], 'none is supported'],
  ])('G10: credentials %o and %j do not match, and the message says what to set', (credentials, supported, names) => {
    const attempt = (): unknown => chooseClientAuthentication(supported, credentials)
    expect(attempt).toThrow(expect.objectContaining({ code: 'invalid_options' }))
    expect(attempt).toThrow(`(${names}). Set the provider's clientAuthentication.`)
    expect(attempt).not.toThrow('MARKED')
  })
})

describe('names', () => {
  it('L3: every method has its own name, for the cache key', () => {
    const names = [
      clientSecretBasic({ encoding: 'form' }).name,
      clientSecretBasic({ encoding: 'raw' }).name,
      clientSecretPost().name,
      ...(['issuer', 'tokenEndpoint', new URL('https://a.test/'), new URL('https://b.test/')] as const).flatMap(
        (audience) => [
          clientSecretJwt({ audience }).name,
          clientSecretJwt({ audience, algorithm: 'HS384' }).name,
          privateKeyJwt({ audience }).name,
          privateKeyJwt({ audience, algorithm: 'PS256' }).name,
        ],
      ),
      tlsClientAuth().name,
      none().name,
    ]
    expect(new Set(names).size).toBe(21)
    expect(clientSecretJwt().name).toBe(clientSecretJwt({ algorithm: 'HS256', audience: 'issuer' }).name)
    expect(privateKeyJwt().name).toBe(privateKeyJwt({ audience: 'issuer' }).name)
    expect(names.every((name) => name !== '')).toBe(true)
    expect(clientSecretBasic().name).toBe(names[0])
    expect(methodName(undefined)).toBe(names[0])
    expect(names).not.toContain(methodName(undefined, true))
    expect(methodName(none(), true)).toBe('none')
  })
})
