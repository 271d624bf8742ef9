import * as v from 'valibot'
import { isCloudflareWorkers } from '../platform/cloudflare-workers.ts'
import { exactObject, findMistakes, refuseMistakes } from '../platform/validation.ts'
import { type ClientAuthentication, neededCredential } from './client-authentication.ts'
import type { DpopProofs } from './dpop.ts'
import { findKeyMistake, type PrivateKey } from './private-key.ts'

/**
 * Who the client is: by a secret that the server knows, too, by a private key, or by its id alone, where a certificate speaks
 * for it, or nothing does. Never printed, stored or put into an error or an event by this library.
 */
export type Credentials =
  | { readonly clientId: string; readonly clientSecret: string }
  | { readonly clientId: string; readonly privateKey: PrivateKey; readonly keyId?: string }
  | { readonly clientId: string }

/** Credentials, or a function that reads them where they live (a vault, a file); asked when first needed. */
export type CredentialsSource = Credentials | (() => Credentials | Promise<Credentials>)

/** Credentials of many, by name. */
export type TenantCredentials = (tenant: string) => Credentials | Promise<Credentials>

/** A line break at the end is what a secret read from a file has; it is never part of a secret, and no header could carry it. */
const printable = v.pipe(
  v.string('must be a string (if it comes from an environment variable, is that set?)'),
  v.nonEmpty('must not be empty (if it comes from an environment variable, is that set?)'),
  v.check((value) => !/\p{Cc}/u.test(value), 'must not hold a line break or another control character; trim it'),
)

/** Credentials of a test's emulator print without their secret; handed to another process as JSON, they would only be refused there. */
const clientSecret = v.pipe(
  printable,
  v.check(
    (value) => value !== '[redacted]',
    "is '[redacted]', which stands for a secret that was left out of a printing or of JSON; hand over the field clientSecret itself",
  ),
)

/** What credentials must be, whether given at once or answered by a function. */
const credentialsSchema: v.GenericSchema<Credentials> = exactObject(
  {
    clientId: printable,
    clientSecret: v.exactOptional(clientSecret),
    privateKey: v.exactOptional(
      v.custom<PrivateKey>(
        (key) => findKeyMistake(key) === undefined,
        ({ input }) => findKeyMistake(input) ?? 'must be a CryptoKey',
      ),
    ),
    keyId: v.exactOptional(printable),
  },
  'must be an object with clientId and clientSecret, or a function that returns one',
) as v.GenericSchema<Credentials>

/**
 * What is wrong with `options.credentials`, a line each; a function is judged by what it answers.
 *
 * @param choosesLater whether the issuer's metadata will say how the client authenticates
 */
export function findCredentialsMistakes(
  source: unknown,
  clientAuthentication: ClientAuthentication | undefined,
  choosesLater = false,
): readonly string[] {
  if (typeof source === 'function') return []
  const mistakes = findMistakes(credentialsSchema, source, 'options.credentials')
  if (mistakes.length > 0) return mistakes
  const given = source as Credentials
  if (choosesLater) {
    return 'clientSecret' in given || 'privateKey' in given
      ? []
      : [
          "options.credentials must hold a clientSecret or a privateKey; where a certificate speaks for the client, or nothing does, set the provider's clientAuthentication to tlsClientAuth() or none()",
        ]
  }
  const needed = neededCredential(clientAuthentication)
  if (needed === undefined || needed in given) return []
  return [`options.credentials.${needed} is missing: ${missing[needed]}`]
}

const missing = {
  clientSecret: 'the provider authenticates its client with a secret',
  privateKey: 'the provider authenticates its client with a private key',
} as const

/** Reads the client's credentials where they live. */
export class CredentialsReader {
  /** What its tokens are bound to; `undefined`: nothing. */
  readonly dpop: DpopProofs | undefined
  readonly #source: CredentialsSource | TenantCredentials
  readonly #provider: string
  readonly #tenant: string
  /** What the function answered, or its answer to come. */
  #known: Credentials | Promise<Credentials> | undefined

  /**
   * @param provider its name, for messages
   * @param tenant what the function is asked about; of no account where it takes nothing
   */
  constructor(source: CredentialsSource | TenantCredentials, provider: string, dpop?: DpopProofs, tenant = '') {
    // Given ones are copied now: what becomes of the caller's object later changes nothing here.
    this.#source = typeof source === 'function' ? source : v.parse(credentialsSchema, source)
    this.#provider = provider
    this.#tenant = tenant
    this.dpop = dpop
  }

  /**
   * The given ones, or what the function answers, remembered until it fails, or hangs past a deadline.
   *
   * @param signal ends with the deadline
   * @throws what the function throws, as it is; NightlatchError `invalid_options` where its answer is no credentials
   */
  async read(signal?: AbortSignal): Promise<Credentials> {
    if (typeof this.#source !== 'function') return this.#source
    // On Workers an answer to come is of one request (rule L13).
    const known = this.#known instanceof Promise && isCloudflareWorkers() ? undefined : this.#known
    const asked = known ?? ask(this.#source, this.#tenant, this.#provider)
    if (!(asked instanceof Promise)) return asked
    this.#known = asked
    const forget = (): void => {
      if (this.#known === asked) this.#known = undefined
    }
    // A function that hangs past the deadline is asked again, as one that fails is.
    signal?.addEventListener('abort', forget, { once: true })
    try {
      const answered = await asked
      if (this.#known === asked) this.#known = answered
      return answered
    } catch (failure) {
      forget()
      throw failure
    } finally {
      signal?.removeEventListener('abort', forget)
    }
  }

  /**
   * The function's next answer, after the server refused its last one (rule L8); `undefined` where there are no others.
   *
   * @param refused what was sent
   */
  async readOthers(refused: Credentials, signal?: AbortSignal): Promise<Credentials | undefined> {
    const now = await this.read(signal)
    if (!areSame(now, refused)) return now
    // Somebody else, refused with the same ones, may have asked again meanwhile.
    if (this.#known === now) this.#known = undefined
    const next = await this.read(signal)
    return areSame(next, refused) ? undefined : next
  }
}

function areSame(a: Credentials, b: Credentials): boolean {
  const one = Object.entries(a)
  const other: Readonly<Record<string, unknown>> = { ...b }
  return one.length === Object.keys(other).length && one.every(([name, value]) => other[name] === value)
}

async function ask(source: TenantCredentials, tenant: string, provider: string): Promise<Credentials> {
  const answered = await source(tenant)
  refuseMistakes(findMistakes(credentialsSchema, answered, 'options.credentials()'), provider)
  // Not a spread: accessors of a class are read too.
  return v.parse(credentialsSchema, answered)
}
