import { createHash } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import type { JWK } from 'oidc-provider'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  type ClientAuthentication,
  type Credentials,
  clientSecretJwt,
  createClient,
  importPrivateKey,
  none,
  type Provider,
  privateKeyJwt,
} from '../../src/index.ts'
import { failureOf } from '../acquire/failure-of.ts'
import { findLeaks } from '../acquire/printings.ts'
import { json, startRecordingServer, text } from '../acquire/recording-server.ts'
import { passRetryDelay, stopTimers } from '../virtual-time.ts'
import { type CertifiedServer, startCertifiedServer } from './certified-server.ts'

// Every way to authenticate but the secret in clear, which authorization-server.test.ts has, and the certificate, which
// mutual-tls.test.ts has. Who judges the assertions is a server that others wrote.

const secret = 'MARKED secret: +%/=&?# of more than sixty-four bytes, as HS512 would have it, whatever it holds'

/** Each registered algorithm that the server knows, and how WebCrypto makes such a key. */
const algorithms = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  RS512: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  PS384: { name: 'RSA-PSS', hash: 'SHA-384', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  ES384: { name: 'ECDSA', namedCurve: 'P-384' },
  ES512: { name: 'ECDSA', namedCurve: 'P-521' },
  EdDSA: { name: 'Ed25519' },
  Ed25519: { name: 'Ed25519' },
} as const

const secretAlgorithms = ['HS256', 'HS384', 'HS512'] as const

let server: CertifiedServer
/** PKCS#8 in PEM, by algorithm. */
const pems = new Map<string, string>()

beforeAll(async () => {
  const keyed = await Promise.all(
    Object.entries(algorithms).map(async ([alg, algorithm]) => {
      const { privateKey, publicKey } = (await crypto.subtle.generateKey(algorithm, true, [
        'sign',
        'verify',
      ])) as CryptoKeyPair
      const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey)).toString('base64')
      pems.set(alg, `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`)
      const { alg: _, ...jwk } = await crypto.subtle.exportKey('jwk', publicKey)
      return {
        client_id: alg,
        token_endpoint_auth_method: 'private_key_jwt' as const,
        token_endpoint_auth_signing_alg: alg as 'ES256',
        jwks: { keys: [{ ...jwk, kid: `key of ${alg}`, use: 'sig', alg } as JWK] },
      }
    }),
  )
  server = await startCertifiedServer(
    [
      ...keyed,
      ...secretAlgorithms.map((alg) => ({
        client_id: alg,
        client_secret: secret,
        token_endpoint_auth_method: 'client_secret_jwt' as const,
        token_endpoint_auth_signing_alg: alg,
      })),
      { client_id: 'public', token_endpoint_auth_method: 'none' },
      { client_id: 'posting', client_secret: 'posted', token_endpoint_auth_method: 'client_secret_post' },
    ],
    {
      // Such a server accepts no assertion from its future, not by a second.
      clockTolerance: 0,
      clientAuthMethods: ['client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none'],
      enabledJWA: {
        clientAuthSigningAlgValues: [...secretAlgorithms, ...(Object.keys(algorithms) as 'ES256'[])],
      },
    },
  )
})

afterEach(() => {
  vi.useRealTimers()
})

afterAll(() => server.close())

function acme(clientAuthentication?: ClientAuthentication, overrides: Partial<Provider> = {}): Provider {
  return { name: 'acme', issuer: server.issuer, ...(clientAuthentication && { clientAuthentication }), ...overrides }
}

async function keyed(algorithm: keyof typeof algorithms): Promise<Credentials> {
  const privateKey = await importPrivateKey(pems.get(algorithm) ?? '', { algorithm })
  return { clientId: algorithm, privateKey, keyId: `key of ${algorithm}` }
}

/** What the last token request's assertion said. */
function lastAssertion(): { header: object; claims: ReturnType<typeof decodeJwt>; text: string } {
  const assertion = server.forms.at(-1)?.get('client_assertion') ?? ''
  return { header: decodeProtectedHeader(assertion), claims: decodeJwt(assertion), text: assertion }
}

const names = Object.keys(algorithms) as (keyof typeof algorithms)[]

describe('private_key_jwt, against a certified authorization server', () => {
  it.each(names)('G8: a key that signs by %s, from PEM to the token', async (algorithm) => {
    const authentication = algorithm === 'Ed25519' ? privateKeyJwt({ algorithm }) : privateKeyJwt()
    const token = await createClient(acme(authentication), { credentials: await keyed(algorithm) }).token()
    expect(token.value).toMatch(/^[\w-]{40,}$/)
    const { header, claims } = lastAssertion()
    expect(header).toEqual({ typ: 'client-authentication+jwt', alg: algorithm, kid: `key of ${algorithm}` })
    expect(claims).toMatchObject({ iss: algorithm, sub: algorithm, aud: server.issuer })
  })

  it('G8: a PEM in the credentials, with a certificate and the header that Microsoft Entra ID documents', async () => {
    const certificate = `-----BEGIN CERTIFICATE-----\n${btoa('any DER')}\n-----END CERTIFICATE-----`
    const provider = acme(
      privateKeyJwt({ algorithm: 'PS256', audience: 'tokenEndpoint', certificate, header: { typ: 'JWT' } }),
    )
    const credentials = { clientId: 'PS256', privateKey: pems.get('PS256') ?? '', keyId: 'key of PS256' }
    await expect(createClient(provider, { credentials }).token()).resolves.toHaveProperty('type', 'Bearer')
    const { header, claims } = lastAssertion()
    const digest = (hash: string): string => createHash(hash).update('any DER').digest('base64url')
    expect(header).toEqual({
      typ: 'JWT',
      alg: 'PS256',
      kid: 'key of PS256',
      x5t: digest('sha1'),
      'x5t#S256': digest('sha256'),
    })
    expect(claims.aud).toBe(`${server.issuer}/token`)
  })

  it('G8: a machine whose clock is 4 s ahead authenticates', async () => {
    const options = { credentials: await keyed('ES256'), now: () => Date.now() + 4000 }
    await expect(createClient(acme(privateKeyJwt()), options).token()).resolves.toHaveProperty('type', 'Bearer')
  })

  it('G8: the token endpoint as audience, where the provider says so or names no issuer', async () => {
    const { issuer: _, ...declared } = acme(privateKeyJwt(), { tokenEndpoint: `${server.issuer}/token` })
    for (const provider of [acme(privateKeyJwt({ audience: 'tokenEndpoint' })), declared]) {
      await createClient(provider, { credentials: await keyed('ES256') }).token()
      expect(lastAssertion().claims.aud).toBe(`${server.issuer}/token`)
    }
  })

  it('G8: another audience is refused, and the assertion leaks nowhere', async () => {
    const provider = acme(privateKeyJwt({ audience: new URL('https://elsewhere.test/') }))
    const failure = await failureOf(createClient(provider, { credentials: await keyed('ES256') }).token())
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_client', status: 401 })
    const { text } = lastAssertion()
    expect(findLeaks(failure, [text, text.slice(text.lastIndexOf('.') + 1)])).toEqual([])
  })

  it('G8: each grant has an assertion of its own: the server refuses one it has seen', async () => {
    const client = createClient(acme(privateKeyJwt()), { credentials: await keyed('ES256') })
    await client.token()
    const first = lastAssertion()
    await client.forget()
    await client.token()
    expect(lastAssertion().claims.jti).not.toBe(first.claims.jti)
    const replayed: ClientAuthentication = {
      name: 'own',
      authenticate: ({ parameters }) => {
        parameters.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
        parameters.set('client_assertion', first.text)
      },
    }
    const failure = await failureOf(createClient(acme(replayed), { credentials: await keyed('ES256') }).token())
    expect(failure).toMatchObject({ error: 'invalid_client' })
  })

  it('G8: an attempt that is repeated has an assertion of its own, too', async () => {
    stopTimers()
    const flaky = await startRecordingServer()
    try {
      const made: string[] = []
      flaky.answer((response, request) => {
        made.push(String(decodeJwt(new URLSearchParams(request.body).get('client_assertion') ?? '').jti))
        const answer = made.length < 3 ? text('', 503) : json({ access_token: 'at-last', token_type: 'Bearer' })
        answer(response, request)
      })
      const provider = { name: 'acme', tokenEndpoint: `${flaky.origin}/token`, clientAuthentication: privateKeyJwt() }
      const credentials = await keyed('EdDSA')
      const token = await createClient(provider, { credentials, onEvent: passRetryDelay }).token()
      expect(token.value).toBe('at-last')
      expect(new Set(made).size).toBe(3)
    } finally {
      await flaky.close()
    }
  })

  it('G8: a request that is repeated for the sake of a nonce has an assertion of its own, too', async () => {
    const demanding = await startRecordingServer()
    try {
      const made: string[] = []
      demanding.answer((response, request) => {
        made.push(String(decodeJwt(new URLSearchParams(request.body).get('client_assertion') ?? '').jti))
        const answer =
          made.length === 1
            ? json({ error: 'use_dpop_nonce' }, 400, { 'dpop-nonce': 'n1' })
            : json({ access_token: 'bound', token_type: 'DPoP' })
        answer(response, request)
      })
      const tokenEndpoint = `${demanding.origin}/token`
      const provider = { name: 'acme', tokenEndpoint, clientAuthentication: privateKeyJwt(), dpop: true }
      const token = await createClient(provider, { credentials: await keyed('EdDSA') }).token()
      expect(token.value).toBe('bound')
      expect(new Set(made).size).toBe(2)
    } finally {
      await demanding.close()
    }
  })

  it('R5: the key of another client is refused', async () => {
    const { privateKey } = (await keyed('ES256')) as { privateKey: CryptoKey }
    const stranger = { clientId: 'ES384', privateKey }
    const failure = await failureOf(createClient(acme(privateKeyJwt()), { credentials: stranger }).token())
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_client', status: 401 })
  })

  it('L8: a key that was rolled is read again where it lives, and heals without a restart', async () => {
    const stale = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
    const fresh = await keyed('ES256')
    const answers: Credentials[] = [{ clientId: 'ES256', privateKey: stale.privateKey, keyId: 'key of ES256' }, fresh]
    const client = createClient(acme(privateKeyJwt()), { credentials: () => answers.shift() ?? fresh })
    expect((await client.token()).value).not.toBe('')
  })
})

describe('client_secret_jwt, against a certified authorization server', () => {
  it.each(secretAlgorithms)('G8: a secret that signs by %s, and does not travel', async (algorithm) => {
    const authentication = algorithm === 'HS256' ? clientSecretJwt() : clientSecretJwt({ algorithm })
    const credentials = { clientId: algorithm, clientSecret: secret }
    const token = await createClient(acme(authentication), { credentials }).token()
    expect(token.value).not.toBe('')
    expect(lastAssertion().header).toEqual({ typ: 'client-authentication+jwt', alg: algorithm })
    expect(decodeURIComponent(`${server.forms.at(-1)}`.replaceAll('+', ' '))).not.toContain('MARKED')
  })

  it('R5: a wrong secret', async () => {
    const credentials = { clientId: 'HS256', clientSecret: 'MARKED-wrong' }
    const failure = await failureOf(createClient(acme(clientSecretJwt()), { credentials }).token())
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_client', status: 401 })
    expect(findLeaks(failure, ['MARKED', lastAssertion().text])).toEqual([])
  })
})

describe('none, against a certified authorization server', () => {
  it('G3: the client id alone is sent', async () => {
    const token = await createClient(acme(none()), { credentials: { clientId: 'public' } }).token()
    expect(token.value).not.toBe('')
    expect(`${server.forms.at(-1)}`).toBe('grant_type=client_credentials&client_id=public')
  })

  it('R5: a client that must prove more is refused', async () => {
    const failure = await failureOf(createClient(acme(none()), { credentials: { clientId: 'ES256' } }).token())
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_client', status: 401 })
  })
})

describe('a provider that names no method, against a certified authorization server', () => {
  it('G10: the metadata says how, in the one request that is made: post, where Basic is not named', async () => {
    const before = server.asked.length
    const credentials = { clientId: 'posting', clientSecret: 'posted' }
    const token = await createClient(acme(), { credentials }).token()
    expect(token.value).not.toBe('')
    expect(server.forms.at(-1)?.get('client_secret')).toBe('posted')
    expect(server.asked.slice(before)).toEqual(['GET /.well-known/oauth-authorization-server', 'POST /token'])
  })

  it('G10: a private key means private_key_jwt', async () => {
    await createClient(acme(), { credentials: await keyed('EdDSA') }).token()
    expect(lastAssertion().header).toMatchObject({ alg: 'EdDSA' })
  })
})
