import type { PrivateKey } from './private-key.ts'

/** What a client assertion says, besides the time. */
export interface AssertionSubject {
  readonly clientId: string
  /** The one it is for, and nobody else. */
  readonly audience: string
  /** By the client's clock. */
  readonly issuedAt: Date
}

/** Seconds that an assertion is good for: it is made for one request, and sent at once. */
const lifetime = 60

/** Says what the JWT is for, so that no other JWT of the client passes for one. */
const type = 'client-authentication+jwt'

/**
 * A client assertion signed with a private key; another at each call, for servers refuse one they have seen (rule G8).
 *
 * @param algorithm one that the key signs by
 * @see {@link https://www.rfc-editor.org/rfc/rfc7523#section-3 RFC 7523 section 3}, as {@link https://www.rfc-editor.org/rfc/rfc10070 RFC 10070} updates it
 */
export async function signWithKey(
  subject: AssertionSubject,
  key: PrivateKey,
  keyId: string | undefined,
  algorithm: string,
): Promise<string> {
  const openid = await import('openid-client')
  const authenticate = openid.PrivateKeyJwt(keyId === undefined ? key : { key, kid: keyId }, {
    [openid.modifyAssertion]: (header, claims) => {
      // openid-client knows Ed25519 by that name alone; the key is what decides how it signs.
      Object.assign(header, { typ: type, alg: algorithm })
      Object.assign(claims, claimsOf(subject))
    },
  })
  const form = new URLSearchParams()
  await authenticate({ issuer: subject.audience }, { client_id: subject.clientId }, form, new Headers())
  return form.get('client_assertion') ?? ''
}

/** The hash that each algorithm of a shared secret takes. */
const hashes = { HS256: 'SHA-256', HS384: 'SHA-384', HS512: 'SHA-512' } as const

/** An algorithm that signs with a shared secret. */
export type SecretAlgorithm = keyof typeof hashes

/** Their names; the first is the default. */
export const secretAlgorithmNames: readonly string[] = Object.keys(hashes)

/**
 * A client assertion signed with the client secret, its UTF-8 being the key; another at each call. openid-client has HS256
 * alone.
 *
 * @see {@link https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication OpenID Connect Core 1.0 section 9}
 */
export async function signWithSecret(
  subject: AssertionSubject,
  secret: string,
  algorithm: SecretAlgorithm,
): Promise<string> {
  const key = await crypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(secret),
    { name: 'HMAC', hash: hashes[algorithm] },
    false,
    ['sign'],
  )
  const signed = [{ typ: type, alg: algorithm }, claimsOf(subject)]
    .map((part) => encode(JSON.stringify(part)))
    .join('.')
  const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(signed))
  return `${signed}.${toBase64Url(new Uint8Array(signature))}`
}

function claimsOf({ clientId, audience, issuedAt }: AssertionSubject): Readonly<Record<string, string | number>> {
  const now = Math.floor(issuedAt.getTime() / 1000)
  return {
    iss: clientId,
    sub: clientId,
    aud: audience,
    jti: crypto.randomUUID(),
    iat: now,
    nbf: now,
    exp: now + lifetime,
  }
}

function encode(text: string): string {
  return toBase64Url(new TextEncoder().encode(text))
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}
