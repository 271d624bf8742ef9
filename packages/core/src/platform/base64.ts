/** Encodes bytes in Base64. Node has `Uint8Array.prototype.toBase64` from version 25 on only. */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  // Not spread into one call, because its arguments are limited in number.
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

/**
 * Encodes bytes in Base64 for URLs, without padding.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc4648#section-5 RFC 4648 section 5}
 */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/**
 * Decodes Base64, with or without padding.
 *
 * @throws DOMException if it is none
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const characters = atob(text)
  const bytes = new Uint8Array(characters.length)
  // A loop, because `Uint8Array.from` takes ten times as long for a token's claims.
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = characters.charCodeAt(at)
  return bytes
}

/**
 * Decodes Base64 for URLs.
 *
 * @throws DOMException if it is none
 */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return fromBase64(text.replaceAll('-', '+').replaceAll('_', '/'))
}
