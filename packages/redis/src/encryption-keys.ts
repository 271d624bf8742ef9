import { NightlatchError } from '@nightlatch/core'

/** A `CryptoKey`, written so that it requires no DOM types. */
export type EncryptionKey = Parameters<typeof crypto.subtle.encrypt>[1]

/** AES-256-GCM keys: the first encrypts, all decrypt. A function is called for every operation. */
export type EncryptionKeys =
  | readonly EncryptionKey[]
  | (() => readonly EncryptionKey[] | Promise<readonly EncryptionKey[]>)

/** Returns the current keys, after validating what a function returned. */
export async function readKeys(keys: EncryptionKeys): Promise<readonly [EncryptionKey, ...EncryptionKey[]]> {
  if (typeof keys !== 'function') return keys as readonly [EncryptionKey, ...EncryptionKey[]]
  let current: unknown
  try {
    current = await keys()
  } catch {
    // Its message is dropped, because it may contain a key.
    throw new NightlatchError(
      'invalid_options',
      'redisStore: your encryptionKeys function threw an error. Its message is withheld because it may contain a key',
    )
  }
  const mistakes = findMistakesInKeys(current)
  if (mistakes.length > 0) throw new NightlatchError('invalid_options', `redisStore: ${mistakes.join('; ')}`)
  return current as readonly [EncryptionKey, ...EncryptionKey[]]
}

/** Lists what is wrong with an array of keys. */
export function findMistakesInKeys(keys: unknown): readonly string[] {
  if (!Array.isArray(keys) || keys.length === 0) {
    return ['encryptionKeys must be an array of at least one CryptoKey, or a function that returns such an array']
  }
  return keys.flatMap((key: unknown, index) => {
    const usages = index === 0 ? ['encrypt', 'decrypt'] : ['decrypt']
    if (isAesGcm256(key) && usages.every((usage) => key.usages.includes(usage as KeyUsage))) return []
    return [`encryptionKeys[${index}] must be a 256-bit AES-GCM CryptoKey with the usages ${usages.join(' and ')}`]
  })
}

function isAesGcm256(key: unknown): key is CryptoKey {
  if (!(key instanceof CryptoKey)) return false
  const { name, length } = key.algorithm as AesKeyAlgorithm
  return name === 'AES-GCM' && length === 256
}
