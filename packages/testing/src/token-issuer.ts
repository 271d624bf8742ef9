import { compactVerify, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type { RecordedRequest } from './recorded-request.ts'

/** Issues JWT access tokens with a key of its own, and recognises them again. */
export interface TokenIssuer {
  /** How many tokens were issued; the number of the latest one. */
  readonly issued: number
  readonly publicKey: JWK
  issue(claims: Readonly<Record<string, unknown>>, options: IssueOptions): Promise<string>
  /** Ends a token's life; one that it does not know, or that has ended, stays as it is. */
  revoke(token: string): void
  /** What a request's token is worth now. */
  examine(request: RecordedRequest): Promise<Examined>
  /** Which one, counted from 1, the request's token is; `undefined` for a token from elsewhere, or none. */
  numberOf(request: RecordedRequest): number | undefined
}

interface IssueOptions {
  /** Seconds; `undefined`: for ever. */
  readonly lifetime: number | undefined
  /** Whether `iat` and `exp` are written into the token; without them its end is known to the issuer alone. */
  readonly timeClaims?: boolean
}

export type Examined =
  | { readonly valid: true; readonly claims: Readonly<Record<string, unknown>>; readonly number: number }
  | { readonly valid: false; readonly why: 'missing' | 'invalid' | 'expired' }

/**
 * @param now milliseconds since the epoch
 * @param readToken where a request carries its token; default `Authorization: Bearer`
 */
export async function createTokenIssuer(
  algorithm: 'ES256' | 'ES512',
  now: () => number,
  readToken: (request: RecordedRequest) => string | undefined = bearerToken,
): Promise<TokenIssuer> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), alg: algorithm, use: 'sig' }
  const ledger = new Map<string, { readonly number: number; readonly expiresAt: number; readonly revoked?: boolean }>()
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
      ledger.set(token, {
        number,
        expiresAt: lifetime === undefined ? Number.POSITIVE_INFINITY : time + lifetime * 1000,
      })
      return token
    },
    revoke(token) {
      const entry = ledger.get(token)
      if (entry !== undefined) ledger.set(token, { ...entry, revoked: true })
    },
    async examine(request) {
      const token = readToken(request)
      if (token === undefined) return { valid: false, why: 'missing' }
      try {
        const { payload } = await compactVerify(token, publicKey, { algorithms: [algorithm] })
        const entry = ledger.get(token)
        if (entry === undefined || entry.revoked) return { valid: false, why: 'invalid' }
        // Judged to the millisecond, by the ledger: `exp` is whole seconds, and not in every token.
        if (entry.expiresAt <= now()) return { valid: false, why: 'expired' }
        return { valid: true, claims: JSON.parse(new TextDecoder().decode(payload)), number: entry.number }
      } catch {
        return { valid: false, why: 'invalid' }
      }
    },
    numberOf(request) {
      const token = readToken(request)
      return token === undefined ? undefined : ledger.get(token)?.number
    },
  }
}

export function bearerToken(request: RecordedRequest): string | undefined {
  return /^Bearer {1,9}(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
}
