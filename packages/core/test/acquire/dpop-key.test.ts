import { describe, expect, it } from 'vitest'
import { findDpopKeyMistake } from '../../src/acquire/dpop-key.ts'

const makeKey = (algorithm: EcKeyGenParams): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])

describe('findDpopKeyMistake', () => {
  it('accepts a key that is not extractable, with an extractable public key', async () => {
    expect(findDpopKeyMistake(await makeKey({ name: 'ECDSA', namedCurve: 'P-256' }))).toBeUndefined()
  })

  it('X1: an extractable private key is rejected, and so is a value that is not a key pair', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
    const extractable = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    expect(findDpopKeyMistake(extractable)).toMatch(/^has a privateKey that is extractable/)
    const { privateKey } = await makeKey(algorithm)
    const { publicKey } = extractable
    for (const junk of [undefined, null, 7, {}, privateKey, { privateKey }, { publicKey }]) {
      expect(findDpopKeyMistake(junk)).toMatch(/^must be a CryptoKeyPair/)
    }
    for (const junk of ['MARKED-pem', { d: 'MARKED' }]) {
      expect(findDpopKeyMistake({ privateKey: junk, publicKey })).toBe(
        'must be a CryptoKeyPair that signs, with an extractable public key',
      )
    }
  })
})
