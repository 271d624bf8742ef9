import { NightlatchError } from '../errors.ts'
import { readJwtClaims } from './jwt-claims.ts'

/**
 * Where the client gets a JWT that another party signed: its platform, or an identity provider. The client calls
 * it for each HTTP attempt. Its `name` (a function has one) is shown in messages, and is part of the cache key.
 */
export type AssertionSource = () => string | Promise<string>

/** A JWT of a source. */
export interface Assertion {
  readonly jwt: string
  /** Not verified: that is for the server. Empty if the JWT is encrypted. */
  readonly claims: Readonly<Record<string, unknown>>
}

/**
 * Asks a source for its JWT.
 *
 * @param now milliseconds since the epoch
 * @throws NightlatchError `invalid_options` if it returns no JWT, or one that has expired; what the source throws, as it is
 */
export async function readAssertion(source: AssertionSource, now: number): Promise<Assertion> {
  const name = nameOf(source)
  const returned: unknown = await source()
  const jwt = typeof returned === 'string' ? returned.trim() : undefined
  if (jwt === undefined || !isCompact(jwt)) {
    const what = jwt === undefined ? `a value of type ${typeof returned}` : `${jwt.length} characters that are no JWT`
    throw new NightlatchError('invalid_options', `${name} returned ${what}: it must return a JWT in compact form`)
  }
  const claims = readJwtClaims(jwt)
  const age = secondsSinceExpiry({ claims }, now)
  if (age !== undefined) {
    throw new NightlatchError(
      'invalid_options',
      `The JWT of ${name} expired ${Math.round(age)} s ago, and is not sent. Is the platform still renewing it, and is this machine's clock right?`,
    )
  }
  return { jwt, claims }
}

/** Seconds since the JWT expired; `undefined` if it has not, or does not say. */
function secondsSinceExpiry({ claims: { exp } }: Pick<Assertion, 'claims'>, now: number): number | undefined {
  return typeof exp === 'number' && exp * 1000 <= now ? now / 1000 - exp : undefined
}

/** Asks a source during one request, and knows which JWT was sent last. */
export class AssertionReader {
  readonly #source: AssertionSource
  readonly #now: () => number
  #sent: Assertion | undefined
  /** What the source returned already, for the next attempt. */
  #next: Assertion | undefined

  /**
   * @param now milliseconds since the epoch
   * @param next what the source has just returned, so that the first attempt does not ask it again
   */
  constructor(source: AssertionSource, now: () => number, next?: Assertion) {
    this.#source = source
    this.#now = now
    this.#next = next
  }

  /** The JWT for the next HTTP attempt; see {@link readAssertion}. */
  async read(): Promise<Assertion> {
    const now = this.#now()
    const known = this.#next
    this.#next = undefined
    // A request may wait for other processes between asking the source and sending the JWT.
    const isKnown = known !== undefined && secondsSinceExpiry(known, now) === undefined
    const next = isKnown ? known : await readAssertion(this.#source, now)
    this.#sent = next
    return next
  }

  /**
   * Asks the source again after the server rejected what was sent. The next attempt sends what it returned.
   *
   * @returns whether that is another JWT
   */
  async renew(): Promise<boolean> {
    const next = await readAssertion(this.#source, this.#now())
    if (next.jwt === this.#sent?.jwt) return false
    this.#next = next
    return true
  }

  /** The subject of the JWT that was sent last; see {@link subjectOf}. */
  get sentSubject(): string | undefined {
    return this.#sent && subjectOf(this.#sent)
  }

  /** A hint for a grant that failed with the JWT that was sent last; see {@link findAudienceHint}. */
  findHint(issuer: string | undefined): string | undefined {
    return this.#sent && findAudienceHint(this.#sent, issuer)
  }
}

/** A source as messages show it. */
function nameOf(source: AssertionSource): string {
  return source.name === '' ? 'the source of the assertion' : `the source \`${source.name}\``
}

/**
 * The issuer and the subject of a JWT as one text: the same for all JWTs of one workload, and different for two workloads.
 *
 * @returns `undefined` if the JWT names no subject
 */
export function subjectOf({ claims: { iss, sub } }: Assertion): string | undefined {
  return typeof sub === 'string' ? JSON.stringify([iss, sub]) : undefined
}

/**
 * A hint for a failed grant whose assertion is for another audience than the issuer.
 *
 * @param issuer the authorization server's issuer identifier; `undefined` if it is not known
 */
export function findAudienceHint({ claims: { aud } }: Assertion, issuer: string | undefined): string | undefined {
  const audiences = [aud].flat().filter((one): one is string => typeof one === 'string')
  if (issuer === undefined || audiences.map(withoutSlash).includes(withoutSlash(issuer))) return undefined
  const said = audiences.length === 0 ? 'no audience' : `the audience ${audiences.map((one) => `"${one}"`).join(', ')}`
  return `The assertion has ${said.slice(0, 300)}, and the issuer is "${issuer}". Have the platform issue it for the audience that the server expects: its issuer, unless its documentation says otherwise.`
}

function withoutSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url
}

/** Whether a text is a signed JWT (three parts) or an encrypted one (five), in compact form. */
function isCompact(jwt: string): boolean {
  const parts = jwt.split('.')
  return (parts.length === 3 || parts.length === 5) && parts[0] !== '' && parts.every((part) => /^[\w-]*$/.test(part))
}
