import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

/** A platform's signing key: it issues JWTs, and publishes the key to check them with. */
export interface TokenIssuer {
  readonly issuer: string
  readonly jwks: { readonly keys: readonly JWK[] }
  /** @param lifetime seconds; negative for a JWT that has expired */
  issue(claims: { readonly sub: string; readonly aud: string; readonly lifetime?: number }): Promise<string>
}

export async function createTokenIssuer(issuer: string): Promise<TokenIssuer> {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  return {
    issuer,
    jwks: { keys: [{ ...(await exportJWK(publicKey)), alg: 'RS256', use: 'sig', kid: 'platform' }] },
    async issue({ sub, aud, lifetime = 600 }) {
      const now = Math.floor(Date.now() / 1000)
      return await new SignJWT({ sub, aud, iss: issuer, jti: crypto.randomUUID() })
        .setProtectedHeader({ alg: 'RS256', kid: 'platform', typ: 'JWT' })
        .setIssuedAt(now)
        .setExpirationTime(now + lifetime)
        .sign(privateKey)
    },
  }
}
