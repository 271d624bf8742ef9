import * as v from 'valibot'
import { isCloudflareWorkers } from '../platform/cloudflare-workers.ts'
import { resultWithin } from '../platform/deadline.ts'
import { exactObject, findMistakes, refuseMistakes } from '../platform/validation.ts'
import type { DpopProofs } from './dpop.ts'
import { findKeyMistake, isCryptoKey, type PrivateKeyMaterial } from './private-key.ts'

/**
 * A client's id, and how it authenticates: with a secret, with a private key, or with neither (a TLS certificate, a JWT that
 * another party signed, or none). A private key is a `CryptoKey`, a JWK, or PEM (PKCS #8); `keyId` defaults to a JWK's `kid`.
 * `{}` is for a client authentication with a `source` if the server finds the client by the JWT alone. This library never prints
 * or stores credentials, and no error or event contains them.
 */
export type Credentials =
  | { readonly clientId: string; readonly clientSecret: string }
  | { readonly clientId: string; readonly privateKey: PrivateKeyMaterial; readonly keyId?: string }
  | { readonly clientId: string }
  | { readonly clientId?: undefined }

/** Credentials with a client id. */
export type IdentifiedCredentials = Exclude<Credentials, { readonly clientId?: undefined }>

/** Credentials, or a function that reads them (from a vault, a file); it is called when they are first needed. */
export type CredentialsSource = Credentials | (() => Credentials | Promise<Credentials>)

/** The credentials of many tenants. */
export type TenantCredentials = (tenant: string) => Credentials | Promise<Credentials>

/** A secret read from a file often ends in a line break, which is not part of it, and which no header can carry. */
const printable = v.pipe(
  v.string('must be a string (if it comes from an environment variable, is that set?)'),
  v.nonEmpty('must not be empty (if it comes from an environment variable, is that set?)'),
  v.check((value) => !/\p{Cc}/u.test(value), 'must not hold a line break or another control character; trim it'),
)

/** An emulator's credentials serialise without their secret; another process that reads them gets an error here, not a 401 later. */
const clientSecret = v.pipe(
  printable,
  v.check(
    (value) => value !== '[redacted]',
    "is '[redacted]', which stands for a secret that was left out of printed or serialised credentials; pass the field clientSecret itself",
  ),
)

const members = {
  clientId: printable,
  clientSecret: v.exactOptional(clientSecret),
  privateKey: v.exactOptional(
    v.pipe(
      v.custom<PrivateKeyMaterial>(
        (key) => findKeyMistake(key) === undefined,
        ({ input }) => `${findKeyMistake(input)}`,
      ),
      v.transform((key) => (isJwk(key) ? { ...key } : key)),
    ),
  ),
  keyId: v.exactOptional(printable),
}

/** What credentials must be, whether they are given or returned by a function. */
const credentialsSchema: v.GenericSchema<Credentials> = exactObject(
  members,
  'must be an object with clientId and clientSecret, or a function that returns one',
) as v.GenericSchema<Credentials>

/** The same for a client authentication with a source, which needs no client id. */
const schemaWithSource: v.GenericSchema<Credentials> = /* @__PURE__ */ (() =>
  exactObject(
    { ...members, clientId: v.exactOptional(printable) },
    'must be an object with or without a clientId, or a function that returns one',
  ))() as v.GenericSchema<Credentials>

function schemaOf({
  hasAssertionSource = false,
}: Pick<CredentialsTerms, 'hasAssertionSource'>): v.GenericSchema<Credentials> {
  return hasAssertionSource ? schemaWithSource : credentialsSchema
}

function isJwk(value: unknown): value is object {
  return Object(value) === value && !isCryptoKey(value)
}

/**
 * What is wrong with `options.credentials`, one line per mistake. What a function returns is checked when it is called.
 *
 * @param required what the client authentication needs besides the client id
 * @param choosesLater whether the issuer's metadata will decide how the client authenticates
 * @param hasAssertionSource whether the client authentication has a source, so that a client id is optional
 */
export function findCredentialsMistakes(
  source: unknown,
  required: 'clientSecret' | 'privateKey' | undefined,
  choosesLater = false,
  hasAssertionSource = false,
): readonly string[] {
  if (typeof source === 'function') return []
  const mistakes = findMistakes(schemaOf({ hasAssertionSource }), source, 'options.credentials')
  if (mistakes.length > 0) return mistakes
  const given = source as Credentials
  if (choosesLater) {
    return 'clientSecret' in given || 'privateKey' in given
      ? []
      : [
          "options.credentials must hold a clientSecret or a privateKey; for a TLS certificate or no authentication, set the provider's clientAuthentication to tlsClientAuth() or none()",
        ]
  }
  if (required === undefined || required in given) return []
  return [`options.credentials.${required} is missing: ${missing[required]}`]
}

const missing = {
  clientSecret: 'the provider authenticates its client with a secret',
  privateKey: 'the provider authenticates its client with a private key',
} as const

/** Credentials in use are read again within this time and this share of the time left, or stay in use. */
const maxRereadSeconds = 2
const rereadShare = 1 / 4

/** When credentials that a function returned are read again. */
interface CredentialsExpiry {
  /** Seconds. */
  readonly maxAge: number
  /** Steady clock, in milliseconds. */
  readonly time: () => number
}

/** What the readers of all tenants share. */
export interface CredentialsTerms {
  /** The provider's name, for messages. */
  readonly provider: string
  /** Whether the client authentication has a source, so that a client id is optional. */
  readonly hasAssertionSource?: boolean
  /** Default: what the function returned is used until the server rejects it. */
  readonly expiry?: CredentialsExpiry | undefined
}

/** What each client's reader has for itself. */
export interface CredentialsReaderOptions {
  readonly dpop?: DpopProofs | undefined
  /** The argument of a pool's credentials function. */
  readonly tenant?: string | undefined
  /** The client's label. */
  readonly label?: string | undefined
}

/** Reads the client's credentials from where they are kept. */
export class CredentialsReader {
  /** The key that its tokens are bound to; `undefined`: they are not bound. */
  readonly dpop: DpopProofs | undefined
  /** The client's label, for errors and events. */
  readonly label: string | undefined
  readonly #source: CredentialsSource | TenantCredentials
  readonly #tenant: string | undefined
  /** One object for all tenants, because each field of this class costs 8 bytes a tenant. */
  readonly #terms: CredentialsTerms
  /** What the function returned. */
  #known: Credentials | undefined
  /** The call of the function that others may wait for, too. */
  #reading: Promise<Credentials> | undefined
  /** When the function was called for the known credentials; steady clock, in milliseconds. */
  #readAt = 0

  constructor(
    source: CredentialsSource | TenantCredentials,
    terms: CredentialsTerms,
    { dpop, tenant, label }: CredentialsReaderOptions = {},
  ) {
    // A copy: later changes to the caller's object have no effect.
    this.#source = typeof source === 'function' ? source : v.parse(schemaOf(terms), source)
    this.#terms = terms
    this.#tenant = tenant
    this.dpop = dpop
    this.label = label
  }

  /**
   * The given credentials, or what the function returns. It is called again if it fails or misses a deadline, and for
   * credentials that are too old; if it fails or hangs then, the old ones stay in use.
   *
   * @param signal aborts at the deadline
   * @param seconds until the deadline; default: no deadline
   * @throws what the function throws, as it is; NightlatchError `invalid_options` if it returns no credentials
   */
  async read(signal?: AbortSignal, seconds: number = Number.POSITIVE_INFINITY): Promise<Credentials> {
    const source = this.#source
    if (typeof source !== 'function') return source
    const old = this.#known
    if (old !== undefined && !this.#isExpired()) return old
    // On Workers a pending promise belongs to one request (rule L13).
    const pending = isCloudflareWorkers() ? undefined : this.#reading
    const reading = pending ?? this.#call(source)
    const forget = (): void => this.#settle(reading)
    signal?.addEventListener('abort', forget)
    try {
      if (old === undefined) return await reading
      const limit = Math.min(maxRereadSeconds, seconds * rereadShare)
      return (await resultWithin(limit, () => reading)) ?? old
    } finally {
      forget()
      signal?.removeEventListener('abort', forget)
    }
  }

  /** The function is called again when credentials are next needed. */
  forget(): void {
    this.#known = undefined
    this.#reading = undefined
  }

  #isExpired(): boolean {
    const { expiry } = this.#terms
    return expiry !== undefined && expiry.time() - this.#readAt >= expiry.maxAge * 1000
  }

  #call(source: TenantCredentials): Promise<Credentials> {
    const readAt = this.#terms.expiry?.time() ?? 0
    const called = call(source, this.#tenant, this.#terms)
    const reading = called.then((credentials) => {
      if (this.#reading === reading) {
        this.#known = credentials
        this.#readAt = readAt
      }
      this.#settle(reading)
      return credentials
    })
    this.#reading = reading
    return reading
  }

  /** Ends a reading: its late result has no effect, and the next call reads again. */
  #settle(reading: Promise<Credentials>): void {
    if (this.#reading === reading) this.#reading = undefined
  }

  /**
   * Calls the function again after the server rejected what it returned (rule L8).
   *
   * @param rejected what was sent
   * @returns `undefined` if there are no other credentials
   */
  async readOthers(rejected: Credentials, signal?: AbortSignal): Promise<Credentials | undefined> {
    const now = await this.read(signal)
    if (!areSame(now, rejected)) return now
    // Another call, rejected with the same credentials, may have read new ones meanwhile.
    if (this.#known === now) this.#known = undefined
    const next = await this.read(signal)
    return areSame(next, rejected) ? undefined : next
  }
}

function areSame(a: Credentials, b: Credentials): boolean {
  const one = Object.entries(a)
  const other: Readonly<Record<string, unknown>> = { ...b }
  return one.length === Object.keys(other).length && one.every(([name, value]) => isSame(other[name], value))
}

/** Two JWKs are the same if their JSON is; two `CryptoKey`s are if they are one object. */
function isSame(a: unknown, b: unknown): boolean {
  return a === b || (isJwk(a) && JSON.stringify(a) === JSON.stringify(b))
}

async function call(
  source: TenantCredentials,
  tenant: string | undefined,
  terms: CredentialsTerms,
): Promise<Credentials> {
  const schema = schemaOf(terms)
  // Only a pool's function has a parameter, and only a pool's reader has a tenant.
  const returned = await source(tenant as string)
  refuseMistakes(findMistakes(schema, returned, 'options.credentials()'), terms.provider)
  // Not a spread: accessors of a class are read, too.
  return v.parse(schema, returned)
}

/** The client that requests tokens, as a grant sees it: where its credentials come from, its DPoP key and its label. */
export type GrantClient = Pick<CredentialsReader, 'read' | 'readOthers'> &
  Partial<Pick<CredentialsReader, 'dpop' | 'label' | 'forget'>>
