import type { PrivateKey } from './private-key.ts'

/** What a client assertion says. */
export interface AssertionSubject {
  readonly clientId: string
  /** The one server that it is for. */
  readonly audience: string
  /** By the client's clock. */
  readonly issuedAt: Date
}

/** Seconds. An assertion is made for one request and sent at once. */
const lifetimeSeconds = 60

/** Seconds. Servers reject an assertion from the future, so a client's clock may be ahead by this much. */
const leewaySeconds = 5

/** The JWS algorithms of a shared secret; the first is the default. */
export const secretAlgorithmNames: readonly string[] = ['HS256', 'HS384', 'HS512']

/**
 * Signs a client assertion. Each has a `jti` of its own, because servers reject one that they have seen (rule G8).
 *
 * @param key a private key, or the client secret, whose UTF-8 is the key
 * @param header its `alg`, and other members; `typ` says that the JWT authenticates a client, unless it is given
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
