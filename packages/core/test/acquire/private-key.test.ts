import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import {
  algorithmsOf,
  findKeyMistake,
  importPrivateKey,
  signingAlgorithmNames,
  toSigningKey,
} from '../../src/acquire/private-key.ts'
import { failureOf } from './failure-of.ts'
import { findLeaks } from './printings.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' })
const ed25519 = generateKeyPairSync('ed25519')

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function derOf(key: KeyObject): Buffer {
  return key.export({ type: 'pkcs8', format: 'der' })
}

function toPem(der: Buffer): string {
  return `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----`
}

/** A part of a key that no message may hold. */
function partsOf(material: string): readonly string[] {
  return material
    .split('\n')
    .filter((line) => /^[A-Za-z0-9+/=]{20,}$/.test(line))
    .map((line) => line.slice(0, 20))
}

const keys: readonly (readonly [string, KeyObject, readonly string[]])[] = [
  ['RSA', rsa.privateKey, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ['P-256', p256.privateKey, ['ES256']],
  ['P-384', p384.privateKey, ['ES384']],
  ['P-521', p521.privateKey, ['ES512']],
  ['Ed25519', ed25519.privateKey, ['EdDSA', 'Ed25519']],
]

const cases = keys.flatMap(([kind, key, algorithms]) => algorithms.map((algorithm) => [kind, algorithm, key] as const))

describe('importPrivateKey', () => {
  it.each(keys)('G8: %s from PEM signs by what it says, or the usual', async (_, key, algorithms) => {
    const imported = await importPrivateKey(pem(key))
    expect(algorithmsOf(imported)[0]).toBe(algorithms[0])
    expect(imported).toMatchObject({ type: 'private', extractable: false, usages: ['sign'] })
    expect(findKeyMistake(imported)).toBeUndefined()
  })

  it.each(cases)('G8: %s by %s, from PEM, from a JWK, and from its JSON', async (_, algorithm, key) => {
    const jwk = key.export({ format: 'jwk' })
    for (const material of [
      pem(key),
      jwk,
      ` \n${JSON.stringify(jwk)}\n`,
      { ...jwk, alg: algorithm, kid: 'k1', use: 'sig' },
    ]) {
      const imported = await importPrivateKey(material, { algorithm })
      expect(algorithmsOf(imported)).toContain(algorithm)
      expect(imported.extractable).toBe(false)
      await new SignJWT({}).setProtectedHeader({ alg: algorithm }).sign(imported)
    }
  })

  it('G8: the `alg` of a JWK is used; the option wins', async () => {
    const jwk = { ...rsa.privateKey.export({ format: 'jwk' }), alg: 'PS384' }
    expect(algorithmsOf(await importPrivateKey(jwk))).toEqual(['PS384'])
    expect(algorithmsOf(await importPrivateKey(jwk, { algorithm: 'RS512' }))).toEqual(['RS512'])
    // Not every `alg` is one of signing, and the key decides.
    expect(algorithmsOf(await importPrivateKey({ ...jwk, alg: 'RSA-OAEP' }))).toEqual(['RS256'])
  })

  it('G8: PEM from environment variables, files of other systems and bundles', async () => {
    const material = pem(p256.privateKey)
    const { cert } = { cert: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n' }
    for (const variant of [
      material.trim(),
      `\ufeff  ${material}\n\n`,
      material.replaceAll('\n', '\r\n'),
      material.replaceAll('\n', '\\n'),
      material.replaceAll('\n', '\\r\\n'),
      material.replaceAll('\n', ' '),
      `${cert}${material}`,
      `${material}${cert}`,
      `Bag Attributes\n    friendlyName: robot\n${material}`,
    ]) {
      expect(algorithmsOf(await importPrivateKey(variant))).toEqual(['ES256'])
    }
  })

  it("X1: the caller's JWK is not changed", async () => {
    const jwk = Object.freeze({ ...p256.privateKey.export({ format: 'jwk' }), key_ops: Object.freeze(['sign']) })
    await importPrivateKey(jwk)
    expect(jwk.key_ops).toEqual(['sign'])
  })

  const jwk = p256.privateKey.export({ format: 'jwk' })
  const encrypted = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'MARKED' } as const
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
  const ed448 = generateKeyPairSync('ed448')
  const x25519 = generateKeyPairSync('x25519')
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const refusals: readonly (readonly [string, unknown, string])[] = [
    ['an encrypted key', p256.privateKey.export(encrypted), 'is encrypted: `openssl pkey -in key.pem'],
    ['PKCS#1', rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }), 'is PKCS #1: `openssl pkey -in key.pem'],
    [
      'PKCS#1, encrypted',
      rsa.privateKey.export({ ...encrypted, type: 'pkcs1' }),
      'is PKCS #1: `openssl pkey -in key.pem -out key-pkcs8.pem`',
    ],
    ['SEC 1', p256.privateKey.export({ type: 'sec1', format: 'pem' }), 'is SEC 1: `openssl pkey -in key.pem'],
    [
      'a key of OpenSSH',
      '-----BEGIN OPENSSH PRIVATE KEY-----\nMARKED\n-----END OPENSSH PRIVATE KEY-----',
      'ssh-keygen',
    ],
    ['a public key', p256.publicKey.export({ type: 'spki', format: 'pem' }), 'is a public key'],
    ['a public key, PKCS#1', rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }), 'is a public key'],
    ['a certificate', '-----BEGIN CERTIFICATE-----\nMARKED\n-----END CERTIFICATE-----', 'openssl pkcs12 -in'],
    [
      'a certificate and its encrypted key',
      `-----BEGIN CERTIFICATE-----\nMARKED\n-----END CERTIFICATE-----\n${p256.privateKey.export(encrypted)}`,
      'is encrypted',
    ],
    [
      'a request and its certificate',
      '-----BEGIN CERTIFICATE REQUEST-----\nMARKED\n-----END CERTIFICATE REQUEST-----\n-----BEGIN CERTIFICATE-----\nMARKED\n-----END CERTIFICATE-----',
      'openssl pkcs12 -in',
    ],
    [
      'a request for one',
      '-----BEGIN CERTIFICATE REQUEST-----\nMARKED\n-----END CERTIFICATE REQUEST-----',
      'neither PEM',
    ],
    ['half of a PEM', pem(p256.privateKey).slice(0, 90), 'neither PEM'],
    ['Base64 alone', partsOf(pem(p256.privateKey)).join(''), 'neither PEM'],
    ['no Base64', '-----BEGIN PRIVATE KEY-----\nMARKED!\n-----END PRIVATE KEY-----', 'is not Base64'],
    ['no DER', '-----BEGIN PRIVATE KEY-----\nMARK\n-----END PRIVATE KEY-----', 'or is damaged'],
    ['DER behind another byte', toPem(Buffer.concat([Buffer.of(0), derOf(p256.privateKey)])), 'or is damaged'],
    ['an empty key', '-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----', 'or is damaged'],
    ['a damaged key', pem(p256.privateKey).replace(/\n[^\n]{20}/, `\n${pem(p256.privateKey).slice(28, 46)}xx`), ''],
    ['a cut key', pem(rsa.privateKey).replace(/(\n[^\n]+){5}\n-----END/, '\n-----END'), 'could not be imported'],
    ['RSASSA-PSS', pem(pss.privateKey), 'must be rsaEncryption, not RSASSA-PSS'],
    ['Ed448', pem(ed448.privateKey), 'signs with none of the registered algorithms'],
    ['a key to agree on others', pem(x25519.privateKey), 'signs with none of the registered algorithms'],
    ['a short RSA key', pem(short.privateKey), 'has 1024 bits'],
    [
      'nothing',
      '',
      'must be a CryptoKey, PEM or a JWK (if it comes from an environment variable, check that it is set)',
    ],
    ['white space', ' \r\n', 'must be a CryptoKey, PEM or a JWK (if'],
    ['undefined', undefined, 'must be a CryptoKey, PEM or a JWK (if'],
    ['null', null, 'must be a CryptoKey, PEM or a JWK (if'],
    ['a number', 7, 'must be a CryptoKey, PEM or a JWK (if'],
    ['broken JSON', '{"kty":"EC","d":"MARKED"', 'looks like a JWK, but is not JSON'],
    ['an object that is no JWK', { d: 'MARKED' }, 'neither a CryptoKey, nor PEM, nor a JWK: it has no `kty`'],
    ['a key of node:crypto', p256.privateKey, 'neither a CryptoKey, nor PEM, nor a JWK: it has no `kty`'],
    ['an object with `usages` alone', { usages: ['sign'] }, 'neither a CryptoKey, nor PEM, nor a JWK: it has no `kty`'],
    ['an object with `algorithm` alone', { algorithm: {} }, 'neither a CryptoKey, nor PEM, nor a JWK: it has no `kty`'],
    [
      'an object that cannot be read',
      {
        get kty() {
          throw new Error('MARKED')
        },
      },
      'could not be read',
    ],
    ['a set of keys', { keys: [jwk] }, 'a set of keys (JWKS)'],
    ['a public JWK', p256.publicKey.export({ format: 'jwk' }), 'is a public key'],
    ['a symmetric JWK', { kty: 'oct', k: 'MARKED' }, 'is symmetric: a secret shared'],
    ['a JWK to encrypt with', { ...jwk, use: 'enc' }, 'not for signing'],
    ['a JWK of other operations', { ...jwk, key_ops: ['deriveBits'] }, 'not for signing'],
    [
      'a JWK on another curve',
      { ...jwk, crv: 'secp256k1' },
      'signs with none of the registered algorithms RS256, RS384, ',
    ],
    ['a JWK of another kind', { kty: 'constructor', d: 'MARKED' }, 'signs with none of the registered algorithms'],
    ['a JWK of its own algorithm', { kty: 'AKP', alg: 'MARKED', priv: 'MARKED' }, 'signs with none'],
    ['a JWK that does not fit itself', { ...jwk, x: jwk.y, y: jwk.x }, 'could not be imported'],
    ['a JWK cut short', { ...jwk, d: 'MARKED' }, 'could not be imported'],
  ]

  it.each(refusals)('G8: %s is refused, and the way out is named', async (_, material, what) => {
    const failure = await failureOf(importPrivateKey(material as string))
    expect(failure).toMatchObject({ code: 'invalid_options', retryable: false })
    expect(failure.cause).toBeUndefined()
    expect(failure.message).toMatch(/^importPrivateKey: /)
    expect(failure.message).toContain(what)
    const marks = typeof material === 'string' ? partsOf(material) : []
    expect(findLeaks(failure, ['MARKED', `${jwk.d}`, `${jwk.x}`, ...marks])).toEqual([])
  })

  it.each([
    ['ES384', p256.privateKey, 'the key does not sign with ES384; it signs with ES256'],
    ['RS256', ed25519.privateKey, 'the key does not sign with RS256; it signs with EdDSA, Ed25519'],
    [
      'ES256',
      rsa.privateKey,
      'the key does not sign with ES256; it signs with RS256, RS384, RS512, PS256, PS384, PS512',
    ],
    ['HS256', rsa.privateKey, 'algorithm must be one of RS256, '],
    ['toString', rsa.privateKey, 'algorithm must be one of RS256, '],
  ])('G8: algorithm %s for a key of another kind is rejected', async (algorithm, key, what) => {
    for (const material of [pem(key), key.export({ format: 'jwk' })]) {
      const failure = await failureOf(importPrivateKey(material, { algorithm }))
      expect(failure.code).toBe('invalid_options')
      expect(failure.message).toContain(`importPrivateKey: ${what}`)
    }
  })

  it('X1: with any byte damaged, a key is imported or rejected, and no error shows it', async () => {
    const der = p256.privateKey.export({ type: 'pkcs8', format: 'der' })
    await fc.assert(
      fc.asyncProperty(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(der)
        damaged[at] = (damaged[at] ?? 0) ^ change
        const text = damaged.toString('base64')
        const attempt = importPrivateKey(`-----BEGIN PRIVATE KEY-----\n${text}\n-----END PRIVATE KEY-----`)
        const failure = await attempt.then(
          () => undefined,
          () => failureOf(attempt),
        )
        if (failure === undefined) return
        expect(failure.code).toBe('invalid_options')
        expect(findLeaks(failure, [text.slice(0, 30), text.slice(-30)])).toEqual([])
      }),
      { numRuns: 200 },
    )
  })
})

describe('long texts', () => {
  it('X3: a text of 64 KiB is read', async () => {
    const material = pem(p256.privateKey).trim()
    const filled = `${'x'.repeat(65_536 - material.length)}${material}`
    expect(algorithmsOf(await importPrivateKey(filled))).toEqual(['ES256'])
  })

  it('X3: a text longer than 64 KiB is rejected without being read', async () => {
    const filler = '-----BEGIN A-----\n'.repeat(10_000)
    for (const material of [filler + pem(p256.privateKey), `{${' '.repeat(70_000)}}`]) {
      const failure = await failureOf(importPrivateKey(material))
      expect(failure.message).toBe('importPrivateKey: the key must be at most 65536 characters long')
      expect(findKeyMistake(material)).toBe('must be at most 65536 characters long')
    }
  })
})

const algorithms: Readonly<Record<string, object>> = {
  ECDSA: { name: 'ECDSA', namedCurve: 'P-256' },
  Ed25519: { name: 'Ed25519' },
}

async function generate(extractable: boolean, name = 'ECDSA'): Promise<CryptoKeyPair> {
  const usages = ['sign', 'verify'] as const
  return (await crypto.subtle.generateKey(algorithms[name] as EcKeyGenParams, extractable, usages)) as CryptoKeyPair
}

describe('findKeyMistake', () => {
  it('G8: a private key that signs and is not extractable is accepted; so are PEM and a JWK', async () => {
    expect(findKeyMistake(pem(p256.privateKey))).toBeUndefined()
    expect(findKeyMistake(p256.privateKey.export({ format: 'jwk' }))).toBeUndefined()
    for (const name of Object.keys(algorithms)) {
      expect(findKeyMistake((await generate(false, name)).privateKey)).toBeUndefined()
    }
  })

  it.each<[string, () => Promise<unknown>, string]>([
    ['a public key', async () => (await generate(false)).publicKey, 'is a public key'],
    ['an extractable key', async () => (await generate(true)).privateKey, 'is extractable'],
    [
      'a shared key',
      () => crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']),
      'is a symmetric key',
    ],
    [
      'a key to agree on others',
      async () => {
        const ecdh = { name: 'ECDH', namedCurve: 'P-256' }
        return (await crypto.subtle.generateKey(ecdh, false, ['deriveBits'])).privateKey
      },
      "cannot sign: its usages must contain 'sign'",
    ],
    [
      'a key of an algorithm that is not registered',
      async () => {
        const sha1 = { name: 'RSA-PSS', hash: 'SHA-1', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }
        return (await crypto.subtle.generateKey(sha1, false, ['sign'])).privateKey
      },
      'signs with none of the registered algorithms RS256, ',
    ],
    [
      'a short RSA key',
      async () => {
        const weak = {
          name: 'RSA-PSS',
          hash: 'SHA-256',
          modulusLength: 1024,
          publicExponent: new Uint8Array([1, 0, 1]),
        }
        return (await crypto.subtle.generateKey(weak, false, ['sign'])).privateKey
      },
      'has 1024 bits, which is too short for RSA: it must have at least 2048',
    ],
    ['half of a PEM', async () => pem(p256.privateKey).slice(0, 90), 'is neither PEM'],
    [
      'a key of node:crypto',
      async () => createPrivateKey(pem(p256.privateKey)),
      'neither a CryptoKey, nor PEM, nor a JWK',
    ],
    [
      'an object with `usages` alone',
      async () => ({ usages: ['sign'] }),
      'is neither a CryptoKey, nor PEM, nor a JWK: it has no `kty`',
    ],
    ['a key pair', async () => generate(false), 'neither a CryptoKey, nor PEM, nor a JWK'],
    ['null', async () => null, 'must be a CryptoKey, PEM or a JWK'],
  ])('G8: %s is rejected', async (_, make, what) => {
    expect(findKeyMistake(await make())).toContain(what)
  })
})

describe('toSigningKey', () => {
  it.each([
    [undefined, 'EdDSA'],
    ['EdDSA', 'EdDSA'],
    ['Ed25519', 'Ed25519'],
  ])('G8: with the algorithm %s a CryptoKey signs by %s', async (algorithm, alg) => {
    const key = await importPrivateKey(pem(ed25519.privateKey))
    expect(await toSigningKey(key, algorithm)).toEqual({ key, alg, kid: undefined })
  })

  it('G8: a key that does not sign with the algorithm is rejected by its path', async () => {
    const key = await importPrivateKey(pem(p256.privateKey))
    for (const material of [key, pem(p256.privateKey)]) {
      expect((await failureOf(toSigningKey(material, 'RS256'))).message).toBe(
        'options.credentials.privateKey does not sign with RS256; it signs with ES256',
      )
    }
  })

  it('G8: a `kid` that is not a text is ignored', async () => {
    const jwk = p256.privateKey.export({ format: 'jwk' })
    expect((await toSigningKey({ ...jwk, kid: 'k1' }, undefined)).kid).toBe('k1')
    expect((await toSigningKey({ ...jwk, kid: 7 } as object, undefined)).kid).toBeUndefined()
  })
})

describe('algorithmsOf', () => {
  it('G8: each registered algorithm that signs with a private key is one of some key', async () => {
    const known = new Set<string>()
    for (const [, algorithm, key] of cases) {
      for (const name of algorithmsOf(await importPrivateKey(pem(key), { algorithm }))) known.add(name)
    }
    for (const name of ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87']) {
      const { privateKey } = (await crypto.subtle.generateKey({ name }, true, ['sign', 'verify'])) as CryptoKeyPair
      const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey)).toString('base64')
      const text = `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----`
      for (const material of [text, await crypto.subtle.exportKey('jwk', privateKey)]) {
        expect(algorithmsOf(await importPrivateKey(material))).toEqual([name])
      }
      known.add(name)
    }
    expect([...known].sort()).toEqual([...signingAlgorithmNames].sort())
  })
})
