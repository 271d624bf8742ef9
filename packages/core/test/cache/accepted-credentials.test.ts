import { createHmac, createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { none, tlsClientAuth } from '../../src/acquire/client-authentication.ts'
import type { Credentials } from '../../src/acquire/credentials.ts'
import { importPrivateKey } from '../../src/acquire/private-key.ts'
import type { Provider } from '../../src/acquire/provider.ts'
import { addAccepted, digestCredential, isAcceptedFor, toProofKey } from '../../src/cache/accepted-credentials.ts'

const provider: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }

/** What the proof key signs: the same text by the same credential; `undefined` if there is no proof. */
async function proofOf(
  credentials: Credentials,
  described: Provider = provider,
  subject?: string,
): Promise<string | undefined> {
  const key = await toProofKey(described, credentials, subject)
  if (key === undefined) return undefined
  expect(key.extractable).toBe(false)
  return Buffer.from(await crypto.subtle.sign('HMAC', key, new Uint8Array([1]))).toString('hex')
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed25519 = generateKeyPairSync('ed25519')
const pemOf = ({ privateKey }: typeof rsa): string => String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
const jwkOf = ({ privateKey }: typeof rsa): JsonWebKey => privateKey.export({ format: 'jwk' })

describe('proof of a credential', () => {
  it('L3: a secret proves who holds it, and another does not', async () => {
    const one = await proofOf({ clientId: 'app', clientSecret: 'one' })
    expect(one).toBeDefined()
    expect(await proofOf({ clientId: 'app', clientSecret: 'one' })).toBe(one)
    expect(await proofOf({ clientId: 'app', clientSecret: 'two' })).not.toBe(one)
  })

  it('L3: the subject of a platform’s JWT is proof of its own', async () => {
    const workload = async (subject: string): Promise<string | undefined> => {
      return await proofOf({} as Credentials, provider, subject)
    }
    const one = await workload('https://platform.example one')
    expect(one).toBeDefined()
    expect(await workload('https://platform.example one')).toBe(one)
    expect(await workload('https://platform.example two')).not.toBe(one)
  })

  it('S2: processes of different versions make the same proof of a secret, a key in PEM, a JWK and a subject', async () => {
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 7)])
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    const pem = String(key.export({ type: 'pkcs8', format: 'pem' }))
    const jwk = key.export({ format: 'jwk' })
    const signed = (part: string): string =>
      createHmac('sha256', JSON.stringify([part]))
        .update(new Uint8Array([1]))
        .digest('hex')
    expect(await proofOf({ clientId: 'app', clientSecret: 'one' })).toBe(signed('secret one'))
    expect(await proofOf({ clientId: 'app', privateKey: pem })).toBe(signed(`pkcs8 ${der.toString('base64')}`))
    expect(await proofOf({ clientId: 'app', privateKey: jwk })).toBe(signed(`jwk ${jwk.d}`))
    expect(await proofOf({} as Credentials, provider, 'a b')).toBe(signed('subject a b'))
  })

  it.each([
    ['RS256', rsa, otherRsa],
    ['PS256', rsa, otherRsa],
    ['EdDSA', ed25519, generateKeyPairSync('ed25519')],
  ] as const)(
    'L3: a CryptoKey that signs with %s proves who holds it, in each process',
    async (algorithm, pair, other) => {
      const holder = async (keys: typeof pair | typeof other): Promise<string | undefined> => {
        const privateKey = await importPrivateKey(pemOf(keys as typeof rsa), { algorithm })
        return await proofOf({ clientId: 'app', privateKey })
      }
      const one = await holder(pair)
      expect(one).toBeDefined()
      expect(await holder(pair)).toBe(one)
      expect(await holder(other)).not.toBe(one)
    },
  )

  it('L3: a CryptoKey that signs with ES256 proves nothing: no two of its signatures are the same', async () => {
    const privateKey = await importPrivateKey(pemOf(p256))
    expect(await proofOf({ clientId: 'app', privateKey })).toBeUndefined()
    expect(
      await proofOf({ clientId: 'app', privateKey }, { ...provider, clientAuthentication: none() }),
    ).toBeUndefined()
    expect(await proofOf({ clientId: 'app', privateKey, clientSecret: 'of the fleet' } as Credentials)).toBeDefined()
  })

  it('L3: PEM and a JWK prove who holds them, however they are written', async () => {
    const pem = pemOf(p256)
    const jwk = jwkOf(p256)
    const byPem = await proofOf({ clientId: 'app', privateKey: pem })
    const byJwk = await proofOf({ clientId: 'app', privateKey: jwk })
    expect(byPem).toBeDefined()
    expect(byJwk).toBeDefined()
    expect(await proofOf({ clientId: 'app', privateKey: `\n${pem.replaceAll('\n', '\\n')}` })).toBe(byPem)
    expect(await proofOf({ clientId: 'app', privateKey: JSON.stringify({ kid: 'x', ...jwk }) })).toBe(byJwk)
    expect(await proofOf({ clientId: 'app', privateKey: `\n${JSON.stringify(jwk)}` })).toBe(byJwk)
    const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n'
    expect(await proofOf({ clientId: 'app', privateKey: parameters + pem })).toBe(byPem)
    expect(await proofOf({ clientId: 'app', privateKey: { ...jwk, d: 'another' } })).not.toBe(byJwk)
    expect(await proofOf({ clientId: 'app', privateKey: { kty: 'AKP', alg: 'ML-DSA-44', priv: 'x' } })).not.toBe(
      await proofOf({ clientId: 'app', privateKey: { kty: 'AKP', alg: 'ML-DSA-44', priv: 'y' } }),
    )
  })

  it('L3: what is public of a key is not enough', async () => {
    const { d: _, ...publicJwk } = jwkOf(p256)
    const known = await proofOf({ clientId: 'app', privateKey: jwkOf(p256) })
    expect(await proofOf({ clientId: 'app', privateKey: { ...publicJwk, d: 'guessed' } })).not.toBe(known)
  })

  it('L3: with a secret and a key both are needed', async () => {
    const privateKey = pemOf(rsa)
    const both = await proofOf({ clientId: 'app', clientSecret: 'one', privateKey } as Credentials)
    const others = [
      await proofOf({ clientId: 'app', clientSecret: 'one' }),
      await proofOf({ clientId: 'app', privateKey }),
      await proofOf({ clientId: 'app', clientSecret: 'one', privateKey: pemOf(otherRsa) } as Credentials),
    ]
    expect(others).not.toContain(both)
  })

  it('L3: a certificate is not seen, so it proves nothing; a client without authentication has nothing to prove', async () => {
    const byCertificate = { ...provider, clientAuthentication: tlsClientAuth() }
    expect(await proofOf({ clientId: 'app' }, byCertificate)).toBeUndefined()
    expect(await proofOf({ clientId: 'app', clientSecret: 'of the fleet' }, byCertificate)).toBeDefined()
    expect(await proofOf({ clientId: 'app' })).toBeUndefined()
    expect(await proofOf({ clientId: 'app' }, { ...provider, clientAuthentication: none() })).toBeDefined()
  })
})

const day = 24 * 3_600_000
const keyOf = (secret: string) =>
  crypto.subtle.importKey('raw', new TextEncoder().encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])

describe('accepted credentials', () => {
  it('L3: a digest depends on the credential and on the store key, and shows neither', async () => {
    const one = await digestCredential(await keyOf('secret'), 'v1.a')
    expect(one).toMatch(/^[\w-]{43}$/)
    expect(await digestCredential(await keyOf('secret'), 'v1.a')).toBe(one)
    expect(await digestCredential(await keyOf('secret'), 'v1.b')).not.toBe(one)
    expect(await digestCredential(await keyOf('Secret'), 'v1.a')).not.toBe(one)
  })

  it('L3: an entry is for the last four credentials that were accepted, newest first', () => {
    let accepted = addAccepted(undefined, 'a', 1)
    for (const [index, digest] of ['b', 'c', 'd', 'e', 'c'].entries()) {
      accepted = addAccepted({ expiresAt: 0, accepted }, digest, index + 2)
    }
    expect(accepted).toEqual([
      { digest: 'c', at: 6 },
      { digest: 'e', at: 5 },
      { digest: 'd', at: 4 },
      { digest: 'b', at: 2 },
    ])
    const entry = { expiresAt: 0, accepted }
    expect(['a', 'b', 'c', 'd', 'e'].filter((digest) => isAcceptedFor(entry, digest))).toEqual(['b', 'c', 'd', 'e'])
  })

  it('L3: a credential that came out of use is carried on for less than a day', () => {
    const entry = { expiresAt: 0, accepted: addAccepted(undefined, 'old', 1000) }
    expect(addAccepted(entry, 'new', 999 + day)).toHaveLength(2)
    expect(addAccepted(entry, 'new', 1000 + day)).toEqual([{ digest: 'new', at: 1000 + day }])
    // An entry that nothing was written over is as good as its token.
    expect(isAcceptedFor(entry, 'old')).toBe(true)
  })

  it.each([
    undefined,
    null,
    'x',
    {},
    { digest: 'x', at: 1 },
    ['x'],
    [null],
    [{ digest: 'x' }],
    [{ digest: 1, at: 1 }],
    [{ at: 1 }],
    [{ digest: 'x', at: Number.NaN }],
  ])('S1, L3: an entry that says %j of its credentials is for none', (accepted) => {
    const entry = { expiresAt: 0, accepted }
    expect(isAcceptedFor(entry, 'x')).toBe(false)
    expect(addAccepted(entry, 'own', 1)).toEqual([{ digest: 'own', at: 1 }])
    for (const nothing of [undefined, null as unknown as undefined]) expect(isAcceptedFor(nothing, 'x')).toBe(false)
  })
})
