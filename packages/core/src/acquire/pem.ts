import { fromBase64 } from '../platform/base64.ts'

/**
 * Reads the blocks of a PEM text in one pass. Line breaks may be written as `\n`, as in many environment variables.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7468#section-2 RFC 7468 section 2}
 */
export function readPemBlocks(text: string): readonly PemBlock[] {
  const parts = text.replaceAll('\\r\\n', '\n').replaceAll('\\n', '\n').split('-----')
  return parts.flatMap((base64, index) => {
    const begin = parts[index - 1]
    if (!begin?.startsWith('BEGIN ')) return []
    const label = begin.slice('BEGIN '.length)
    return parts[index + 1] === `END ${label}` ? [{ label, base64 }] : []
  })
}

/** A block of PEM: the text between a BEGIN line and its END line. */
export interface PemBlock {
  /** Such as `PRIVATE KEY`. */
  readonly label: string
  /** The Base64 text, with its line breaks. */
  readonly base64: string
}

/** The maximum length of PEM or a JWK, in characters; a key of 16,384 bits with its chain takes a third of it. */
export const maxKeyTextLength = 65_536

/** Decodes a block's bytes; `undefined` if it is not Base64. */
export function decodePemBlock({ base64 }: PemBlock): Uint8Array<ArrayBuffer> | undefined {
  try {
    return fromBase64(base64.replaceAll(/\s/g, ''))
  } catch {
    // `atob` rejects any other text with an exception.
  }
  return undefined
}
