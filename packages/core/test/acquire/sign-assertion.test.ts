import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { type AssertionSubject, secretAlgorithmNames, signAssertion } from '../../src/acquire/sign-assertion.ts'

const subject: AssertionSubject = {
  clientId: 'app: ü',
  audience: 'https://login.acme.test',
  issuedAt: new Date(),
}

const pair = await crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify'])

const ways: readonly (readonly [string, () => Promise<string>])[] = [
  ['a key', () => signAssertion(subject, pair.privateKey, { alg: 'EdDSA', kid: 'k1' })],
  ['a secret', () => signAssertion(subject, 'shared', { alg: 'HS256' })],
]

describe.each(ways)('an assertion signed with %s', (_, sign) => {
  it('G8: has exactly the claims that RFC 10070 requires; a server whose clock is 5 s behind accepts it', async () => {
    const assertion = await sign()
    const claims = decodeJwt(assertion)
    const now = Math.floor(subject.issuedAt.getTime() / 1000)
    expect(claims).toEqual({
      iss: 'app: ü',
      sub: 'app: ü',
      aud: 'https://login.acme.test',
      jti: expect.stringMatching(/^[\w-]{20,}$/),
      iat: now - 5,
      exp: now + 60,
    })
    expect(decodeProtectedHeader(assertion).typ).toBe('client-authentication+jwt')
  })

  it('G8: is three parts of Base64 for URLs', async () => {
    for (let count = 0; count < 50; count += 1) expect(await sign()).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
  })

  it('G8: is a new one each time', async () => {
    const made = await Promise.all(Array.from({ length: 50 }, sign))
    expect(new Set(made.map((one) => decodeJwt(one).jti)).size).toBe(50)
  })
})

describe('signAssertion with a key', () => {
  it.each(['EdDSA', 'Ed25519'])('G8: one key, by the name of %s that the server knows', async (algorithm) => {
    const assertion = await signAssertion(subject, pair.privateKey, { alg: algorithm, kid: 'k1' })
    const { protectedHeader } = await jwtVerify(assertion, pair.publicKey, { audience: subject.audience })
    expect(protectedHeader).toEqual({ typ: 'client-authentication+jwt', alg: algorithm, kid: 'k1' })
  })

  it('G8: a key without a name', async () => {
    expect(decodeProtectedHeader(await signAssertion(subject, pair.privateKey, { alg: 'EdDSA' }))).toEqual({
      typ: 'client-authentication+jwt',
      alg: 'EdDSA',
    })
  })
})

describe('signAssertion with a secret', () => {
  it.each(['HS256', 'HS384', 'HS512'] as const)('G8: %s', async (algorithm) => {
    const assertion = await signAssertion(subject, 'shared ü', { alg: algorithm })
    const verified = await jwtVerify(assertion, new TextEncoder().encode('shared ü'), { algorithms: [algorithm] })
    expect(verified.protectedHeader.alg).toBe(algorithm)
    await expect(jwtVerify(assertion, new TextEncoder().encode('Shared ü'))).rejects.toThrow(/signature/)
  })

  it('G8: HS256 is the first of them', () => {
    expect(secretAlgorithmNames).toEqual(['HS256', 'HS384', 'HS512'])
  })
})
