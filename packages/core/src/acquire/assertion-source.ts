import { NightlatchError } from '../errors.ts'

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
  const jwt = typeof returned === 'string' ? returned.trim() : ''
  if (!isCompact(jwt)) {
    const what =
      typeof returned === 'string' ? `${jwt.length} characters that are no JWT` : `a value of type ${typeof returned}`
    throw new NightlatchError('invalid_options', `${name} returned ${what}: it must return a JWT in compact form`)
  }
  const claims = readClaims(jwt)
  const { exp } = claims
  if (typeof exp === 'number' && exp * 1000 <= now) {
    const age = Math.round(now / 1000 - exp)
    throw new NightlatchError(
      'invalid_options',
      `The JWT of ${name} expired ${age} s ago, and is not sent. Is the platform still renewing it, and is this machine's clock right?`,
    )
  }
  return { jwt, claims }
}

/** Asks a source during one grant, and knows which JWT was sent last. */
export class AssertionReader {
  readonly #source: AssertionSource
  readonly #now: () => number
  #sent: Assertion | undefined
  #renewed: Assertion | undefined

  /** @param now milliseconds since the epoch */
  constructor(source: AssertionSource, now: () => number) {
    this.#source = source
    this.#now = now
  }

  /** The JWT for the next HTTP attempt; see {@link readAssertion}. */
  async read(): Promise<Assertion> {
    const next = this.#renewed ?? (await readAssertion(this.#source, this.#now()))
    this.#renewed = undefined
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
    this.#renewed = next
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
  return typeof sub === 'string' ? JSON.stringify([typeof iss === 'string' ? iss : null, sub]) : undefined
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

function readClaims(jwt: string): Readonly<Record<string, unknown>> {
  const parts = jwt.split('.')
  if (parts.length !== 3) return {}
  try {
    const payload = (parts[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0))
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof claims === 'object' && claims !== null ? (claims as Readonly<Record<string, unknown>>) : {}
  } catch {
    return {}
  }
}

/** Whether a text is a signed JWT (three parts) or an encrypted one (five), in compact form. */
function isCompact(jwt: string): boolean {
  const parts = jwt.split('.')
  return (parts.length === 3 || parts.length === 5) && parts[0] !== '' && parts.every((part) => /^[\w-]*$/.test(part))
}
