import { describe, expect, it } from 'vitest'
import { findMistakesInKeys, readKeys } from '../src/encryption-keys.ts'
import { makeKey } from './servers/encryption-key.ts'

describe('encryption keys', () => {
  it('are AES-256-GCM: the first encrypts, all decrypt', async () => {
    expect(findMistakesInKeys([await makeKey(), await makeKey(['decrypt'])])).toEqual([])
  })

  it('are one at least', () => {
    expect(findMistakesInKeys([])).toEqual([expect.stringContaining('one CryptoKey or more')])
    expect(findMistakesInKeys('a password')).toHaveLength(1)
  })

  it('are told apart from what they must not be, by their place in the list', async () => {
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

  it('may come from a function, whose answer is looked at', async () => {
    const key = await makeKey()
    expect(await readKeys(() => [key])).toEqual([key])
    expect(await readKeys(async () => [key])).toEqual([key])
    await expect(readKeys(() => [])).rejects.toMatchObject({ code: 'invalid_options' })
  })

  it('X1: the words of a function that fails stay inside', async () => {
    const failing = readKeys(() => {
      throw new Error('cannot parse s3cret')
    })
    await expect(failing).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.not.stringContaining('s3cret'),
    })
  })
})
