import { compactVerify, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type { RecordedRequest } from './recorded-request.ts'

/** Issues JWT access tokens and verifies them. */
export interface TokenIssuer {
  /** Number of tokens issued so far, which is also the number of the latest. */
  readonly issued: number
  readonly publicKey: JWK
  issue(claims: Readonly<Record<string, unknown>>, options: IssueOptions): Promise<string>
  /** Revokes a token; unknown and expired tokens are ignored. */
  revoke(token: string): void
  /** Verifies a request's token. */
  verify(request: RecordedRequest): Promise<VerifiedToken>
  /** The number of a request's token, from 1; `undefined` for another issuer's token or none. */
  numberOf(request: RecordedRequest): number | undefined
}

interface IssueOptions {
  /** Seconds; `undefined` for a token that never expires. */
  readonly lifetime: number | undefined
  /** Whether the token contains `iat` and `exp`; default true. */
  readonly timeClaims?: boolean
}

export type VerifiedToken =
  | { readonly valid: true; readonly claims: Readonly<Record<string, unknown>>; readonly number: number }
  | { readonly valid: false; readonly why: 'missing' | 'invalid' | 'expired' }

/**
 * Creates an issuer with a new key.
 *
 * @param now returns milliseconds since the epoch
 * @param readToken reads the token of a request; default from `Authorization: Bearer`
 */
export async function createTokenIssuer(
  algorithm: 'ES256' | 'ES512',
  now: () => number,
  readToken: (request: RecordedRequest) => string | undefined = bearerToken,
): Promise<TokenIssuer> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), alg: algorithm, use: 'sig' }
  const issuedTokens = new Map<
    string,
    { readonly number: number; readonly expiresAt: number; readonly revoked?: boolean }
  >()
  let issued = 0

  return {
    get issued() {
      return issued
    },
    publicKey: jwk,
    async issue(claims, { lifetime, timeClaims = true }) {
      issued += 1
      const number = issued
      const time = now()
      const iat = Math.floor(time / 1000)
      const token = await new SignJWT({
        ...claims,
        ...(timeClaims && { iat, ...(lifetime !== undefined && { exp: Math.floor(iat + lifetime) }) }),
      })
        .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
        .sign(privateKey)
      issuedTokens.set(token, {
        number,
        expiresAt: lifetime === undefined ? Number.POSITIVE_INFINITY : time + lifetime * 1000,
      })
      return token
    },
    revoke(token) {
      const entry = issuedTokens.get(token)
      if (entry !== undefined) issuedTokens.set(token, { ...entry, revoked: true })
    },
    async verify(request) {
      const token = readToken(request)
      if (token === undefined) return { valid: false, why: 'missing' }
      try {
        const { payload } = await compactVerify(token, publicKey, { algorithms: [algorithm] })
        const entry = issuedTokens.get(token)
        if (entry === undefined || entry.revoked) return { valid: false, why: 'invalid' }
        // The recorded expiry is exact to the millisecond, while `exp` is in whole seconds and optional.
        if (entry.expiresAt <= now()) return { valid: false, why: 'expired' }
        return { valid: true, claims: JSON.parse(new TextDecoder().decode(payload)), number: entry.number }
      } catch {
        return { valid: false, why: 'invalid' }
      }
    },
    numberOf(request) {
      const token = readToken(request)
      return token === undefined ? undefined : issuedTokens.get(token)?.number
    },
  }
}

export function bearerToken(request: RecordedRequest): string | undefined {
  return /^Bearer {1,9}(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
}
