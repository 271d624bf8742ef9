import type { StoredToken } from '@nightlatch/core'

/** Of the entry as written below. One of another schema is a miss. */
const schema = '1.'

/** Bytes; AES-GCM's own size. */
const ivLength = 12

/**
 * Encrypts a token for the place it is kept at, and for no other.
 *
 * @param place the whole key: an entry moved to another does not open (rule S4)
 * @returns text: the schema, and in base64 the initialisation vector with what AES-256-GCM made of the token
 */
export async function sealEntry(token: StoredToken, place: string, key: CryptoKey): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(ivLength))
  const plain = new TextEncoder().encode(JSON.stringify(token))
  const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm(iv, place), key, plain))
  const bytes = new Uint8Array(iv.length + sealed.length)
  bytes.set(iv)
  bytes.set(sealed, iv.length)
  return schema + toBase64(bytes)
}

/**
 * What was sealed.
 *
 * @param keys tried one after the other: an entry does not say which key it was sealed with
 * @returns `undefined` for anything unreadable, altered, or sealed for another place (rule S1)
 */
export async function openEntry(
  text: string,
  place: string,
  keys: readonly CryptoKey[],
): Promise<StoredToken | undefined> {
  const bytes = text.startsWith(schema) ? fromBase64(text.slice(schema.length)) : undefined
  if (bytes === undefined || bytes.length <= ivLength) return undefined
  const parameters = algorithm(bytes.slice(0, ivLength), place)
  const sealed = bytes.slice(ivLength)
  for (const key of keys) {
    try {
      return readToken(await crypto.subtle.decrypt(parameters, key, sealed))
    } catch {
      // Another key may open it.
    }
  }
  return undefined
}

function readToken(plain: ArrayBuffer): StoredToken | undefined {
  const token: unknown = JSON.parse(new TextDecoder().decode(plain))
  if (typeof token !== 'object' || token === null) return undefined
  return Number.isFinite((token as Partial<StoredToken>).expiresAt) ? (token as StoredToken) : undefined
}

function algorithm(iv: Uint8Array<ArrayBuffer>, place: string): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(`nightlatch ${schema} ${place}`) }
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
