import type { PrivateKey } from './private-key.ts'

/**
 * Signs a client assertion. Each has a new `jti`, because servers reject one that they have seen (rule G8).
 *
 * @param key a private key, or the client secret, whose UTF-8 bytes are the key
 * @param header `alg` and other members; the default `typ` is `client-authentication+jwt`
 * @see {@link https://www.rfc-editor.org/rfc/rfc7523#section-3 RFC 7523 section 3}, as {@link https://www.rfc-editor.org/rfc/rfc10070 RFC 10070} updates it
 */
export async function signAssertion(
  { clientId, audience, issuedAt }: AssertionSubject,
  key: PrivateKey | string,
  header: Readonly<Record<string, unknown>> & { readonly alg: string },
): Promise<string> {
  const { SignJWT } = await import('jose/jwt/sign')
  const now = Math.floor(issuedAt.getTime() / 1000)
  const claims = { jti: crypto.randomUUID(), iss: clientId, sub: clientId, aud: audience }
  return await new SignJWT({ ...claims, iat: now - leewaySeconds, exp: now + lifetimeSeconds })
    .setProtectedHeader({ typ: 'client-authentication+jwt', ...header })
    .sign(typeof key === 'string' ? new TextEncoder().encode(key) : key)
}

/** The claims of a client assertion. */
export interface AssertionSubject {
  readonly clientId: string
  /** The one server that may accept it. */
  readonly audience: string
  /** By the client's clock. */
  readonly issuedAt: Date
}

/** Short, because an assertion is sent at once and only once. */
const lifetimeSeconds = 60

/** Servers reject an assertion from the future, so `iat` allows for a client clock that is this far ahead. */
const leewaySeconds = 5

/** The JWS algorithms of a shared secret; the first is the default. */
export const secretAlgorithmNames: readonly string[] = ['HS256', 'HS384', 'HS512']
