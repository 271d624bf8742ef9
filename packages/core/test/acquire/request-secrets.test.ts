import { describe, expect, it } from 'vitest'
import type { TokenRequestDraft } from '../../src/acquire/authentication-method.ts'
import { redact } from '../../src/acquire/redact.ts'
import { secretsOf } from '../../src/acquire/request-secrets.ts'

function draft(overrides: Partial<TokenRequestDraft> = {}): TokenRequestDraft {
  return {
    url: new URL('https://login.acme.test/token'),
    headers: new Headers({ accept: 'application/json' }),
    parameters: new URLSearchParams({ grant_type: 'client_credentials' }),
    issuer: undefined,
    ...overrides,
  }
}

const plain: ReadonlySet<string> = new Set(['accept', 'content-type', 'grant_type'])

describe('secretsOf', () => {
  const credentials = { clientId: 'app', clientSecret: 'p&ss: wörd+/=%' }
  const conceal = (text: string, sent: TokenRequestDraft = draft()): string =>
    redact(text, secretsOf(sent, plain, credentials))

  it.each([
    ['as it is', credentials.clientSecret],
    ['as a URL encodes it', encodeURIComponent(credentials.clientSecret)],
    ['as a form encodes it', new URLSearchParams({ x: credentials.clientSecret }).toString().slice(2)],
  ])('X1: the client secret %s is a secret', (_, form) => {
    expect(conceal(`wrong: <${form}>`)).toBe('wrong: <[redacted]>')
  })

  it('X1: the secret as a form encodes it in lower case is a secret: %2b is %2B', () => {
    const form = encodeURIComponent(credentials.clientSecret).replace(/%../g, (byte) => byte.toLowerCase())
    expect(conceal(`wrong: <${form}>`)).toBe('wrong: <[redacted]>')
  })

  it('X1: the whole Basic header and its value are secrets', () => {
    const value = Buffer.from('app:p&ss').toString('base64')
    const sent = draft({ headers: new Headers({ authorization: `Basic ${value}` }) })
    expect(conceal(`got Basic ${value}`, sent)).not.toContain(value)
    expect(conceal(`got ${value}`, sent)).toBe('got [redacted]')
  })

  it('X1: a short value of a header is a secret by itself, without its scheme', () => {
    const sent = draft({ headers: new Headers({ authorization: 'Token f00d' }) })
    expect(conceal('no such key: f00d', sent)).toBe('no such key: [redacted]')
  })

  it("X1: the scheme is not a secret, so the server's text stays", () => {
    const words = 'use Basic or Bearer authentication, Accept: application/json'
    for (const authorization of ['Basic YXBwOnA=', 'Bearer YXBwOnA=']) {
      const sent = draft({ headers: new Headers({ accept: 'application/json', authorization }) })
      expect(conceal(words, sent)).toBe(words)
    }
  })

  it('X1: a value that the client authentication added is a secret: an assertion, a signature, a key', () => {
    const sent = draft({
      headers: new Headers({ accept: 'application/json', 'x-signature': 'sig-f00d' }),
      parameters: new URLSearchParams({ grant_type: 'client_credentials', client_assertion: 'eyJ.assertion.sig' }),
    })
    expect(conceal('saw eyJ.assertion.sig and sig-f00d', sent)).toBe('saw [redacted] and [redacted]')
  })

  it('X1: the JWT of a source is a secret, and so is its signature', () => {
    const sent = draft({ assertion: 'eyJhZA.eyJpZA.c2lnbmVk' })
    expect(conceal('got eyJhZA.eyJpZA.c2lnbmVk', sent)).toBe('got [redacted]')
    expect(conceal('bad signature c2lnbmVk', sent)).toBe('bad signature [redacted]')
  })

  it('X1: the parts of an assertion are secrets, and its type is not', () => {
    const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    const sent = draft({
      parameters: new URLSearchParams({ client_assertion_type: type, client_assertion: 'eyJhZA.eyJpZA.c2lnbmVk' }),
    })
    expect(conceal('bad signature c2lnbmVk over eyJhZA.eyJpZA', sent)).toBe('bad signature [redacted] over [redacted]')
    expect(conceal(`client_assertion_type must be ${type}`, sent)).toBe(`client_assertion_type must be ${type}`)
  })

  it('X1: a value that the client authentication added to the query is a secret', () => {
    const sent = draft({ url: new URL('https://login.acme.test/token?api_key=derived-key-31337') })
    expect(conceal('no such key: derived-key-31337', sent)).toBe('no such key: [redacted]')
  })

  it('X1: a value that the client authentication added to a JSON body is a secret', () => {
    const sent = draft({ json: { auth: { signature: 'derived-proof-31337' }, grant_type: 'of-the-grant', app: 'app' } })
    expect(conceal('bad signature: derived-proof-31337', sent)).toBe('bad signature: [redacted]')
    expect(conceal('of-the-grant for app', sent)).toBe('of-the-grant for app')
  })

  it('X1: the client id is not a secret under another name of a JSON body', () => {
    const sent = draft({ json: { user: 'app-of-acme', key: 'derived-key-31337' } })
    const secrets = secretsOf(sent, plain, { clientId: 'app-of-acme' })
    expect(redact('no key derived-key-31337 for app-of-acme', secrets)).toBe('no key [redacted] for app-of-acme')
  })

  it('X1: the client id is not a secret, nor are the values from before', () => {
    const sent = draft({
      parameters: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'app-of-acme' }),
    })
    expect(conceal('client app-of-acme may not use client_credentials', sent)).toBe(
      'client app-of-acme may not use client_credentials',
    )
  })

  it('X1: a client without a secret has none', () => {
    const sent = draft({ json: { grant_type: 'client_credentials', count: 1, none: null } })
    expect(secretsOf(sent, plain, { clientId: 'app' })).toEqual([])
    expect(secretsOf(draft({ json: [1, null, true] }), plain, { clientId: 'app' })).toEqual([])
  })

  it('X1: a value of less than 4 characters is not a secret, because half of the text would be removed', () => {
    const secretsOfLength = (clientSecret: string): readonly string[] =>
      secretsOf(draft(), plain, { clientId: 'app', clientSecret })
    expect(secretsOfLength('abc')).toEqual([])
    expect(secretsOfLength('abcd')).toEqual(['abcd'])
  })

  it('X1: of two secrets, one of which begins like the other, no part stays', () => {
    const sent = draft({ headers: new Headers({ 'x-a': 'abcd', 'x-b': 'abcdefgh' }) })
    expect(conceal('see abcdefgh and abcd', sent)).toBe('see [redacted] and [redacted]')
  })
})
