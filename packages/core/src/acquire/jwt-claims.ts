import { fromBase64Url } from '../platform/base64.ts'

/** Reads a JWT's claims without verifying the JWT; empty if it is encrypted, or cannot be read. */
export function readJwtClaims(jwt: string): Readonly<Record<string, unknown>> {
  const [, encoded = '', ...others] = jwt.split('.')
  // The Base64 of `{` begins so, and of no other JSON. Opaque tokens with two dots are not decoded, because the exception would
  // cost more than decoding.
  if (others.length !== 1 || !encoded.startsWith('e')) return {}
  try {
    return JSON.parse(new TextDecoder().decode(fromBase64Url(encoded)))
  } catch {
    return {}
  }
}
