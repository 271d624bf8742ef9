import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader } from 'jose'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createAccessToken } from '../../src/acquire/access-token.ts'
import { DpopProofs } from '../../src/acquire/dpop.ts'
import { findLeaks } from './printings.ts'

const token = createAccessToken({
  value: 'bound-token',
  type: 'DPoP',
  scopes: undefined,
  expiresAt: undefined,
  extra: {},
})
const url = new URL('https://api.acme.example/things?secret=1#x')
const now = (): number => Date.UTC(2026, 10, 21)
const makeKey = async (algorithm: Algorithm | EcKeyGenParams | RsaHashedKeyGenParams): Promise<CryptoKeyPair> =>
  (await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])) as CryptoKeyPair

afterEach(() => {
  vi.restoreAllMocks()
})

describe('proofs of possession', () => {
  it('are for one request: its method, its URL without the query, its token and its instant, and each is new', async () => {
    const proofs = new DpopProofs(undefined, now)
    const made = [await proofs.prove(url, 'PATCH', token), await proofs.prove(url, 'PATCH', token)]
    const [claims, others] = made.map((proof) => decodeJwt(proof))
    expect(claims).toMatchObject({ htm: 'PATCH', htu: 'https://api.acme.example/things', iat: now() / 1000 })
    expect(claims?.ath).toMatch(/^[\w-]{43}$/)
    expect(claims?.jti).not.toBe(others?.jti)
    expect(decodeProtectedHeader(made[0] ?? '')).toMatchObject({ typ: 'dpop+jwt', alg: 'ES256' })
  })

  it.each([
    ['ES384', { name: 'ECDSA', namedCurve: 'P-384' }, ['crv', 'kty', 'x', 'y']],
    [
      'PS256',
      { name: 'RSA-PSS', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
      ['e', 'kty', 'n'],
    ],
    ['Ed25519', { name: 'Ed25519' }, ['crv', 'kty', 'x']],
    ['ML-DSA-44', { name: 'ML-DSA-44' }, ['alg', 'kty', 'pub']],
  ] as const)(
    'are signed by the given key (%s), of which they show what identifies it',
    async (alg, algorithm, members) => {
      const key = await makeKey(algorithm)
      const proofs = new DpopProofs(key, now)
      const header = decodeProtectedHeader(await proofs.prove(url, 'GET', token))
      expect(header.alg).toBe(alg)
      expect(await proofs.thumbprint()).toBe(await calculateJwkThumbprint(header.jwk ?? {}))
      expect(Object.keys(header.jwk ?? {}).sort()).toEqual(members)
    },
  )

  it('contain the latest nonce of their origin, and of no other', async () => {
    const proofs = new DpopProofs(undefined, now)
    const nonceAt = async (address: string): Promise<unknown> =>
      decodeJwt(await proofs.prove(new URL(address), 'GET', token)).nonce
    expect(await nonceAt('https://api.acme.example/a')).toBeUndefined()
    expect(proofs.learn(url, 'first')).toBe(true)
    expect(proofs.learn(url, 'second')).toBe(true)
    for (const none of [null, undefined, '']) expect(proofs.learn(url, none)).toBe(false)
    expect(await nonceAt('https://api.acme.example/b')).toBe('second')
    expect(await nonceAt('https://login.acme.example/b')).toBeUndefined()
  })

  it('use the nonces of at most a hundred origins', async () => {
    const proofs = new DpopProofs(undefined, now)
    const originOf = (index: number): URL => new URL(`https://o${index}.acme.example`)
    for (let index = 0; index < 101; index += 1) proofs.learn(originOf(index), `n${index}`)
    expect(decodeJwt(await proofs.prove(originOf(0), 'GET', token)).nonce).toBeUndefined()
    expect(decodeJwt(await proofs.prove(originOf(1), 'GET', token)).nonce).toBe('n1')
    expect(decodeJwt(await proofs.prove(originOf(100), 'GET', token)).nonce).toBe('n100')
  })

  it('drop the least recent nonce, not the one of the oldest origin', async () => {
    const proofs = new DpopProofs(undefined, now)
    const originOf = (index: number): URL => new URL(`https://o${index}.acme.example`)
    for (let index = 0; index < 100; index += 1) proofs.learn(originOf(index), `n${index}`)
    proofs.learn(originOf(0), 'newest')
    proofs.learn(originOf(100), 'n100')
    expect(decodeJwt(await proofs.prove(originOf(0), 'GET', token)).nonce).toBe('newest')
    expect(decodeJwt(await proofs.prove(originOf(1), 'GET', token)).nonce).toBeUndefined()
  })

  it('are created for http, too, because allowed origins are checked separately', async () => {
    const proofs = new DpopProofs(undefined, now)
    const proof = await proofs.prove(new URL('http://127.0.0.1:8080/things'), 'GET', token)
    expect(decodeJwt(proof).htu).toBe('http://127.0.0.1:8080/things')
  })

  it("use their server's time once it is adopted, and the time of no other", async () => {
    const proofs = new DpopProofs(undefined, now)
    const date = (seconds: number): string => new Date(now() + seconds * 1000).toUTCString()
    const issuedAt = async (address: URL): Promise<number> =>
      Number(decodeJwt(await proofs.prove(address, 'GET', token)).iat) - now() / 1000
    expect(proofs.adoptServerTime(url, date(90))).toBe(true)
    expect(proofs.adoptServerTime(url, date(90))).toBe(false)
    expect(await issuedAt(url)).toBe(90)
    expect(proofs.clockOffset(url)).toBe(90_000)
    expect(await issuedAt(new URL('https://login.acme.example/'))).toBe(0)
    proofs.learn(url, 'n')
    expect(proofs.adoptServerTime(url, date(-7))).toBe(true)
    expect(await issuedAt(url)).toBe(-7)
    expect(decodeJwt(await proofs.prove(url, 'GET', token)).nonce).toBe('n')
    for (const none of [null, '', 'soon']) expect(proofs.adoptServerTime(url, none)).toBe(false)
    expect(await issuedAt(url)).toBe(-7)
    // The clock was set: the correction would be wrong from now on.
    expect(proofs.adoptServerTime(url, date(0))).toBe(true)
    expect(await issuedAt(url)).toBe(0)
  })

  it('use the same generated key as a concurrent thumbprint', async () => {
    const proofs = new DpopProofs(undefined, now)
    const [proof, thumbprint] = await Promise.all([proofs.prove(url, 'GET', token), proofs.thumbprint()])
    expect(await calculateJwkThumbprint(decodeProtectedHeader(proof).jwk ?? {})).toBe(thumbprint)
  })

  it('X1: have a generated key that cannot be exported', async () => {
    const generateKey = vi.spyOn(crypto.subtle, 'generateKey')
    const proofs = new DpopProofs(undefined, now)
    await proofs.prove(url, 'GET', token)
    await proofs.thumbprint()
    expect(generateKey).toHaveBeenCalledTimes(1)
    expect(await generateKey.mock.results[0]?.value).toMatchObject({ privateKey: { extractable: false } })
  })

  it('prepare their key once, and generate none beside a given one', async () => {
    const key = await makeKey({ name: 'ECDSA', namedCurve: 'P-256' })
    const generateKey = vi.spyOn(crypto.subtle, 'generateKey')
    const exportKey = vi.spyOn(crypto.subtle, 'exportKey')
    const proofs = new DpopProofs(key, now)
    for (let request = 0; request < 3; request += 1) await proofs.prove(url, 'GET', token)
    expect(exportKey).toHaveBeenCalledTimes(1)
    expect(generateKey).not.toHaveBeenCalled()
  })

  it('X1: do not show their key and nonces', async () => {
    const proofs = new DpopProofs(undefined, now)
    proofs.learn(url, 'MARKED-nonce')
    await proofs.prove(url, 'GET', token)
    expect(findLeaks(proofs, ['MARKED-nonce', 'bound-token'])).toEqual([])
  })
})
