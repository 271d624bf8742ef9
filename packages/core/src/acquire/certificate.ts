import { toBase64Url } from '../platform/base64.ts'
import { decodePemBlock, maxKeyTextLength, readPemBlocks } from './pem.ts'

/**
 * Reads the first certificate of a PEM text, as DER.
 *
 * @returns `undefined` if there is none
 */
export function readCertificate(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length > maxKeyTextLength) return undefined
  const block = readPemBlocks(text).find(({ label }) => label === 'CERTIFICATE')
  const der = block && decodePemBlock(block)
  return der === undefined || der.length === 0 ? undefined : der
}

/**
 * Computes the JWT header members that name a certificate. Servers read either the SHA-1 or the SHA-256 thumbprint.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7515#section-4.1.7 RFC 7515 section 4.1.7}
 */
export async function thumbprintMembers(
  certificate: Uint8Array<ArrayBuffer>,
): Promise<{ readonly x5t: string; readonly 'x5t#S256': string }> {
  const digest = async (hash: string): Promise<string> =>
    toBase64Url(new Uint8Array(await crypto.subtle.digest(hash, certificate)))
  return { x5t: await digest('SHA-1'), 'x5t#S256': await digest('SHA-256') }
}
