import { hash, timingSafeEqual } from 'node:crypto'
import type { ValidCaller } from './valid-configuration.ts'

interface StoredKey {
  readonly caller: string
  readonly digest: Buffer
}

/** The keys of all callers, as SHA-256 digests. */
export class KeyCallers {
  /**
   * By the first four bytes of the digest, so that the number of callers does not matter. These bytes are no secret: a digest does
   * not lead to its key.
   */
  readonly #keys = new Map<number, StoredKey[]>()

  constructor(callers: Readonly<Record<string, ValidCaller>>) {
    for (const [caller, { keys = [] }] of Object.entries(callers)) {
      for (const key of keys) {
        const digest = Buffer.from(key.slice('sha256:'.length), 'hex')
        const start = digest.readUInt32BE(0)
        this.#keys.set(start, [...(this.#keys.get(start) ?? []), { caller, digest }])
      }
    }
  }

  /** The caller with this key; compared in constant time. */
  find(key: string): string | undefined {
    if (this.#keys.size === 0) return undefined
    const digest = hash('sha256', key, 'buffer')
    let found: string | undefined
    for (const stored of this.#keys.get(digest.readUInt32BE(0)) ?? []) {
      if (timingSafeEqual(stored.digest, digest)) found = stored.caller
    }
    return found
  }

  /**
   * The caller with this name and key, by the value of a Basic header.
   *
   * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 RFC 6749 section 2.3.1}
   */
  findBasic(encoded: string): string | undefined {
    const text = Buffer.from(encoded, 'base64').toString()
    const colon = text.indexOf(':')
    if (colon < 0) return undefined
    const name = text.slice(0, colon)
    const key = text.slice(colon + 1)
    if (this.find(key) === name) return name
    // OAuth clients encode name and key as a form does; openid-client encodes even a hyphen.
    const decodedName = decodeForm(name)
    const decodedKey = decodeForm(key)
    if (decodedName === undefined || decodedKey === undefined) return undefined
    if (decodedName === name && decodedKey === key) return undefined
    return this.find(decodedKey) === decodedName ? decodedName : undefined
  }
}

function decodeForm(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
