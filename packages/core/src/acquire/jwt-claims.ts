import { fromBase64Url } from '../platform/base64.ts'

/** Reads a JWT's claims without verifying the JWT; empty if it is encrypted, or cannot be read. */
export function readJwtClaims(jwt: string): Readonly<Record<string, unknown>> {
  const parts = jwt.split('.')
  if (parts.length !== 3) return {}
  try {
    const claims: unknown = JSON.parse(new TextDecoder().decode(fromBase64Url(parts[1] ?? '')))
    return typeof claims === 'object' && claims !== null ? (claims as Readonly<Record<string, unknown>>) : {}
  } catch {
    return {}
  }
}
