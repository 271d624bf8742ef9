import { describe, expect, it } from 'vitest'
import {
  type ClientAuthentication,
  chooseClientAuthentication,
  clientSecretBasic,
  clientSecretJwt,
  clientSecretPost,
  methodName,
  neededCredential,
  none,
  privateKeyJwt,
  type TokenRequestDraft,
  tlsClientAuth,
  usesMutualTls,
} from '../../src/acquire/client-authentication.ts'
import type { Credentials } from '../../src/acquire/credentials.ts'
import { LatchkeyError } from '../../src/errors.ts'
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

async function authenticated(authenticate: ClientAuthentication, credentials: Credentials): Promise<TokenRequestDraft> {
  const request = draft()
  await authenticate(request, credentials)
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

  it('G2: raw: a colon in the client id is refused, and the way out named', async () => {
    const credentials = { clientId: 'MARKED:id', clientSecret: 'MARKED-secret' }
    const request = draft()
    const failure = await failureOf((async () => await clientSecretBasic({ encoding: 'raw' })(request, credentials))())
    expect(failure).toMatchObject({ code: 'invalid_options', retryable: false })
    expect(failure.message).toMatch(/client id.*colon.*form.*clientSecretPost/)
    expect(request.headers.has('authorization')).toBe(false)
    expect(findLeaks(failure, ['MARKED-secret'])).toEqual([])
  })

  it('G2: form: a colon in the client id is no trouble', async () => {
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

  it('G3: nothing but the header is touched', async () => {
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
    expect(make).toThrow(LatchkeyError)
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
    await clientSecretPost()(request, { clientId: 'a', clientSecret: 'b' })
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
  it('G3: credentials without a secret are refused by the path of what is missing', async () => {
    const failure = await failureOf(authenticated(authenticate, { clientId: 'a' }))
    expect(failure.code).toBe('invalid_options')
    expect(failure.message).toBe(`options.credentials.clientSecret is missing: ${method} needs one`)
  })
})

describe('neededCredential', () => {
  it('G2: the default one and those of a client secret need one; an unknown one is not judged', () => {
    const secret = [
      undefined,
      clientSecretBasic(),
      clientSecretBasic({ encoding: 'raw' }),
      clientSecretPost(),
      clientSecretJwt(),
      clientSecretJwt({ algorithm: 'HS512', audience: new URL('https://login.acme.test/') }),
    ]
    for (const one of secret) expect(neededCredential(one)).toBe('clientSecret')
    const unknown = [
      () => {},
      function client_secret() {},
      function my_client_secret_post() {},
      function client_secret_post_signed() {},
      function private_key_jwt() {},
      none(),
      tlsClientAuth(),
    ]
    for (const one of unknown) expect(neededCredential(one)).toBeUndefined()
  })

  it('G8: those of a private key need one', () => {
    for (const one of [privateKeyJwt(), privateKeyJwt({ algorithm: 'ML-DSA-44', audience: 'tokenEndpoint' })]) {
      expect(neededCredential(one)).toBe('privateKey')
    }
  })
})

describe('names', () => {
  it('L3: every method has a name of its own, for the cache key', () => {
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
  })
})
