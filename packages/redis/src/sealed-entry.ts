import type { StoredToken } from '@nightlatch/core'

/** Version of the format below; an entry of another version is a miss. */
const schema = '1.'

/** AES-GCM's size of an initialisation vector. */
const ivBytes = 12

/**
 * Encrypts a token and binds it to its Redis key.
 *
 * @param redisKey authenticated with the token, so that an entry moved to another key does not decrypt (rule S4)
 * @returns the schema, then the initialisation vector and the ciphertext in base64
 */
export async function sealEntry(token: StoredToken, redisKey: string, key: CryptoKey): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(ivBytes))
  const plain = new TextEncoder().encode(JSON.stringify(token))
  const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm(iv, redisKey), key, plain))
  const bytes = new Uint8Array(iv.length + sealed.length)
  bytes.set(iv)
  bytes.set(sealed, iv.length)
  return schema + toBase64(bytes)
}

/**
 * Decrypts an entry.
 *
 * @param keys tried in order, because an entry does not name its key
 * @returns `undefined` for an entry that is unreadable, altered or bound to another Redis key (rule S1)
 */
export async function openEntry(
  text: string,
  redisKey: string,
  keys: readonly CryptoKey[],
): Promise<StoredToken | undefined> {
  const bytes = text.startsWith(schema) ? fromBase64(text.slice(schema.length)) : undefined
  if (bytes === undefined || bytes.length <= ivBytes) return undefined
  const parameters = algorithm(bytes.slice(0, ivBytes), redisKey)
  const sealed = bytes.slice(ivBytes)
  for (const key of keys) {
    try {
      return readToken(await crypto.subtle.decrypt(parameters, key, sealed))
    } catch {
      // The next key may decrypt it.
    }
  }
  return undefined
}

function readToken(plain: ArrayBuffer): StoredToken | undefined {
  const token: unknown = JSON.parse(new TextDecoder().decode(plain))
  if (typeof token !== 'object' || token === null) return undefined
  return Number.isFinite((token as Partial<StoredToken>).expiresAt) ? (token as StoredToken) : undefined
}

function algorithm(iv: Uint8Array<ArrayBuffer>, redisKey: string): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(`nightlatch ${schema} ${redisKey}`) }
}

function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}
