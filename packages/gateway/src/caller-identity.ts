import type { IncomingMessage } from 'node:http'
import { CertificateCallers } from './certificate-callers.ts'
import { JwtCallers, keysUnavailable } from './jwt-callers.ts'
import { KeyCallers } from './key-callers.ts'
import { type Problem, problem } from './problem.ts'
import type { ValidCaller } from './valid-configuration.ts'

/** The name of a caller, or why it is unknown. */
export type Identified = string | Problem

const challenge = { 'www-authenticate': 'Bearer realm="gateway", Basic realm="gateway"' }

/** Finds out which caller sent a request. */
export class CallerIdentity {
  readonly #keys: KeyCallers
  readonly #jwts: JwtCallers
  readonly #certificates: CertificateCallers

  constructor(callers: Readonly<Record<string, ValidCaller>>, now: () => number) {
    this.#keys = new KeyCallers(callers)
    this.#jwts = new JwtCallers(callers, now)
    this.#certificates = new CertificateCallers(callers)
  }

  /** A promise only for a JWT that was not verified before. */
  identify(request: IncomingMessage): Identified | Promise<Identified> {
    const { authorization } = request.headers
    if (authorization === undefined) {
      return (
        this.#certificates.find(request.socket) ??
        unknown('The request has no key, JWT or client certificate. Send `Authorization: Bearer <key>`')
      )
    }
    const space = authorization.indexOf(' ')
    const scheme = authorization.slice(0, space).toLowerCase()
    const credential = authorization.slice(space + 1).trim()
    if (scheme === 'bearer') {
      const caller = this.#keys.find(credential)
      if (caller !== undefined) return caller
      if (!this.#jwts.mayFind(credential)) return unknown('The key matches no caller')
      return this.#jwts.findVerified(credential) ?? this.#verify(credential)
    }
    if (scheme === 'basic') return this.#keys.findBasic(credential) ?? unknown('The name and key match no caller')
    return unknown('The scheme of the Authorization header must be Bearer or Basic')
  }

  async #verify(jwt: string): Promise<Identified> {
    const caller = await this.#jwts.verify(jwt)
    if (caller === undefined) return unknown('The JWT matches no caller, has expired, or is not signed by its issuer')
    if (caller !== keysUnavailable) return caller
    return problem('caller_unknown', 'The keys of the JWT’s issuer cannot be fetched now', {
      status: 503,
      retryAfter: 5,
    })
  }
}

function unknown(detail: string): Problem {
  return problem('caller_unknown', detail, { headers: challenge })
}
