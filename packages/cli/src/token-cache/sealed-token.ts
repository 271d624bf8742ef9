import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { StoredToken } from '@nightlatch/core'

/** Version of the format: this byte, then 12 bytes of initialisation vector, 16 bytes of tag, and the ciphertext. */
const version = 1
const ivEnd = 13
const tagEnd = 29

/**
 * Encrypts a token by AES-256-GCM.
 *
 * @param name authenticated with the token, so that an entry under another name does not decrypt
 */
export function sealToken(token: StoredToken, name: string, key: Buffer): Buffer {
  const iv = randomBytes(ivEnd - 1)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(name))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(token), 'utf8'), cipher.final()])
  return Buffer.concat([Buffer.from([version]), iv, cipher.getAuthTag(), sealed])
}

/** Decrypts a token; `undefined` for an entry that is unreadable, altered, of another key or under another name. */
export function openToken(bytes: Buffer, name: string, key: Buffer): StoredToken | undefined {
  if (bytes[0] !== version || bytes.length <= tagEnd) return undefined
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, ivEnd), { authTagLength: tagEnd - ivEnd })
    decipher.setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(ivEnd, tagEnd))
    const text = decipher.update(bytes.subarray(tagEnd), undefined, 'utf8') + decipher.final('utf8')
    const token = JSON.parse(text) as Partial<StoredToken> | null
    return Number.isFinite(token?.expiresAt) ? (token as StoredToken) : undefined
  } catch {
    return undefined
  }
}
