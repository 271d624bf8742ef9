import { NightlatchError } from '@nightlatch/core'

/** A `CryptoKey`, by a way to say it that needs no DOM types. */
export type EncryptionKey = Parameters<typeof crypto.subtle.encrypt>[1]

/** AES-256-GCM; the first encrypts, all decrypt. A function is asked with every operation. */
export type EncryptionKeys =
  | readonly EncryptionKey[]
  | (() => readonly EncryptionKey[] | Promise<readonly EncryptionKey[]>)

/** The keys now, checked. */
export async function readKeys(keys: EncryptionKeys): Promise<readonly [EncryptionKey, ...EncryptionKey[]]> {
  if (typeof keys !== 'function') return keys as readonly [EncryptionKey, ...EncryptionKey[]]
  let now: unknown
  try {
    now = await keys()
  } catch {
    // Its words may hold what the function read.
    throw new NightlatchError('invalid_options', 'redisStore: the function encryptionKeys failed')
  }
  const mistakes = findMistakesInKeys(now)
  if (mistakes.length > 0) throw new NightlatchError('invalid_options', `redisStore: ${mistakes.join('; ')}`)
  return now as readonly [EncryptionKey, ...EncryptionKey[]]
}

/** What is wrong with a list of keys, in words. */
export function findMistakesInKeys(keys: unknown): readonly string[] {
  if (!Array.isArray(keys) || keys.length === 0) {
    return ['encryptionKeys must be an array of one CryptoKey or more, or a function that returns one']
  }
  return keys.flatMap((key: unknown, index) => {
    const usages = index === 0 ? ['encrypt', 'decrypt'] : ['decrypt']
    if (isAesGcm256(key) && usages.every((usage) => key.usages.includes(usage as KeyUsage))) return []
    return [`encryptionKeys[${index}] must be a CryptoKey for AES-GCM of 256 bits that may ${usages.join(' and ')}`]
  })
}

function isAesGcm256(key: unknown): key is CryptoKey {
  if (!(key instanceof CryptoKey)) return false
  const { name, length } = key.algorithm as AesKeyAlgorithm
  return name === 'AES-GCM' && length === 256
}
