import { describe, expect, it } from 'vitest'
import { findMistakesInKeys, readKeys } from '../src/encryption-keys.ts'
import { makeKey } from './servers/encryption-key.ts'

describe('encryption keys', () => {
  it('are AES-256-GCM: the first encrypts, all decrypt', async () => {
    expect(findMistakesInKeys([await makeKey(), await makeKey(['decrypt'])])).toEqual([])
  })

  it('must be at least one', () => {
    expect(findMistakesInKeys([])).toEqual([expect.stringContaining('at least one CryptoKey')])
    expect(findMistakesInKeys('a password')).toHaveLength(1)
  })

  it('are rejected by their index if they are not AES-256-GCM keys', async () => {
    const mistakes = findMistakesInKeys([
      await makeKey(['decrypt']),
      await makeKey(['encrypt']),
      await makeKey(['encrypt', 'decrypt'], 128),
      await crypto.subtle.generateKey({ name: 'AES-CBC', length: 256 }, false, ['encrypt', 'decrypt']),
      'secret-text',
    ])
    expect(mistakes.map((mistake) => mistake.slice(0, 17))).toEqual(
      [0, 1, 2, 3, 4].map((at) => `encryptionKeys[${at}]`),
    )
    expect(mistakes[0]).toContain('encrypt and decrypt')
    expect(mistakes.join()).not.toContain('secret-text')
  })

  it('can come from a function, whose result is validated', async () => {
    const key = await makeKey()
    expect(await readKeys(() => [key])).toEqual([key])
    expect(await readKeys(async () => [key])).toEqual([key])
    await expect(readKeys(() => [])).rejects.toMatchObject({ code: 'invalid_options' })
  })

  it('X1: the message of a failing function is withheld', async () => {
    const failing = readKeys(() => {
      throw new Error('cannot parse s3cret')
    })
    await expect(failing).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.not.stringContaining('s3cret'),
    })
  })
})
