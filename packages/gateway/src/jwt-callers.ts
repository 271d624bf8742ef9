import { hash } from 'node:crypto'
import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose'
import type { ValidCaller } from './valid-configuration.ts'

interface IssuedCaller {
  readonly name: string
  readonly audience: string
  readonly matchesSubject: (subject: string) => boolean
  readonly keys: ReturnType<typeof createRemoteJWKSet>
}

/** A verified JWT, which is not verified again while it lives. */
interface VerifiedJwt {
  readonly caller: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** The result of a JWT whose issuer's keys cannot be fetched. */
export const keysUnavailable: unique symbol = Symbol('the keys of the issuer are unavailable')

const maxVerified = 1000
/** A JWT is verified again after this time, so that an issuer's new keys count. */
const maxVerifiedMs = 300_000

/** Signatures that only the issuer can make: no `none`, and no shared secrets. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** Callers that send a JWT which another party signed. */
export class JwtCallers {
  readonly #byIssuer = new Map<string, IssuedCaller[]>()
  /** By the digest of the JWT, so that no JWT stays in memory. */
  readonly #verified = new Map<string, VerifiedJwt>()
  readonly #now: () => number

  constructor(callers: Readonly<Record<string, ValidCaller>>, now: () => number) {
    this.#now = now
    const keySets = new Map<string, ReturnType<typeof createRemoteJWKSet>>()
    for (const [name, { jwt }] of Object.entries(callers)) {
      if (jwt === undefined) continue
      const keys = keySets.get(jwt.jwks) ?? createRemoteJWKSet(new URL(jwt.jwks), { timeoutDuration: 5000 })
      keySets.set(jwt.jwks, keys)
      const caller = { name, audience: jwt.audience, matchesSubject: compileSubject(jwt.subject), keys }
      this.#byIssuer.set(jwt.issuer, [...(this.#byIssuer.get(jwt.issuer) ?? []), caller])
    }
  }

  /** Whether a credential looks like a JWT of a known issuer. */
  mayFind(credential: string): boolean {
    return this.#byIssuer.size > 0 && credential.startsWith('eyJ')
  }

  /** The caller of a JWT that was verified before. */
  findVerified(jwt: string): string | undefined {
    const digest = hash('sha256', jwt, 'base64url')
    const known = this.#verified.get(digest)
    if (known === undefined) return undefined
    if (this.#now() < known.expiresAt) return known.caller
    this.#verified.delete(digest)
    return undefined
  }

  /** Verifies a JWT by issuer, audience, subject, time and signature (RFC 7519 section 7.2). */
  async verify(jwt: string): Promise<string | undefined | typeof keysUnavailable> {
    let issuer: string | undefined
    try {
      issuer = decodeJwt(jwt).iss
    } catch {
      return undefined
    }
    let isUnavailable = false
    for (const caller of this.#byIssuer.get(issuer ?? '') ?? []) {
      try {
        const { payload } = await jwtVerify(jwt, caller.keys, {
          issuer: issuer as string,
          audience: caller.audience,
          algorithms,
          requiredClaims: ['exp', 'sub'],
          clockTolerance: 5,
          currentDate: new Date(this.#now()),
        })
        // jose requires the claim, and takes any type.
        if (typeof payload.sub !== 'string' || !caller.matchesSubject(payload.sub)) continue
        this.#remember(jwt, caller.name, payload)
        return caller.name
      } catch (failure) {
        isUnavailable ||= isFailedFetch(failure)
      }
    }
    return isUnavailable ? keysUnavailable : undefined
  }

  #remember(jwt: string, caller: string, { exp = 0 }: JWTPayload): void {
    const oldest = this.#verified.keys().next()
    if (this.#verified.size >= maxVerified && oldest.done !== true) this.#verified.delete(oldest.value)
    const expiresAt = Math.min(exp * 1000, this.#now() + maxVerifiedMs)
    this.#verified.set(hash('sha256', jwt, 'base64url'), { caller, expiresAt })
  }
}

/** Whether the keys could not be fetched, or the response held none; any other error says that the JWT is wrong. */
function isFailedFetch(failure: unknown): boolean {
  if (!(failure instanceof errors.JOSEError)) return true
  // jose reports a response other than 200, or one that is not JSON, by its generic error.
  return (
    failure.code === 'ERR_JOSE_GENERIC' || failure.code === 'ERR_JWKS_TIMEOUT' || failure.code === 'ERR_JWKS_INVALID'
  )
}

/** `*` stands for any characters. */
function compileSubject(pattern: string): (subject: string) => boolean {
  const [head = '', ...parts] = pattern.split('*')
  const tail = parts.pop()
  if (tail === undefined) return (subject) => subject === pattern
  return (subject) => {
    if (!subject.startsWith(head)) return false
    let at = head.length
    for (const part of parts) {
      const found = subject.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return subject.length - tail.length >= at && subject.endsWith(tail)
  }
}
