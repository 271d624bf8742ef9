import type { KyInstance } from 'ky'
import type { AccessToken } from './acquire/access-token.ts'
import { acquireToken, describeLateness, type Grantor } from './acquire/acquire-token.ts'
import { CredentialsReader, type CredentialsSource, type TenantCredentials } from './acquire/credentials.ts'
import { DpopProofs } from './acquire/dpop.ts'
import { createEndpointFinder } from './acquire/issuer-metadata.ts'
import { copyDescription, type Provider } from './acquire/provider.ts'
import { createOpenidLoader, type TokenEndpoint, type Transport } from './acquire/token-endpoint.ts'
import { refineGrant } from './acquire/token-request.ts'
import { grantIdentity } from './cache/cache-key.ts'
import { shareTokens } from './cache/shared-tokens.ts'
import { createSteadyClock } from './cache/steady-clock.ts'
import { TokenSource, type TokenSourceOptions, type TokenSourceParts } from './cache/token-source.ts'
import { type ClientOptions, checkClient, checkTokenOptions, type TokenOptions } from './client-options.ts'
import { createDiagnostics, type Diagnostics, type Subscribable } from './diagnostics.ts'
import { NightlatchError } from './errors.ts'
import { type Emit, toEmit } from './events.ts'
import { createApi } from './fetch/api.ts'
import { createAuthenticatedFetch } from './fetch/authenticated-fetch.ts'
import { type Authorize, createAuthorize } from './fetch/authorization.ts'
import { type ApiFinder, createApiFinder } from './fetch/discover-api.ts'
import { RequestTokens } from './fetch/request-tokens.ts'
import type { Fetch } from './platform/fetch.ts'
import { RequestsUnderWay } from './platform/requests-under-way.ts'
import { ownMembers } from './platform/validation.ts'

/**
 * A client of one provider with one set of credentials, for any number of callers. `fetch` and `authorize` may be taken off
 * it, as in `const { fetch } = client`; the other methods need it in front of them.
 */
export interface Client<Info = unknown> extends AsyncDisposable {
  readonly provider: Provider<Info>
  /**
   * A token that is valid now: from memory, from the store, or from one shared grant.
   *
   * @throws NightlatchError with any code but `origin_refused`; an aborted caller gets its own `signal.reason`
   */
  token(options?: TokenOptions): Promise<AccessToken>
  /**
   * `fetch` that adds the token, rejects origins that are not allowed, and replaces a rejected token once. A request with its
   * own `Authorization` header is sent as it is.
   *
   * @throws NightlatchError `origin_refused`, or what `token` throws; network failures are `fetch`'s own
   */
  readonly fetch: Fetch
  /**
   * Authorizes one request that an HTTP client other than `fetch` makes, with the checks of `client.fetch`; `undefined` if the
   * request is to be sent as it is: it requests a token itself, or its origin is not allowed and `foreignOrigins` is
   * `'passThrough'`.
   *
   * @param url the request's absolute URL
   * @throws NightlatchError `origin_refused`, or what `token` throws
   */
  readonly authorize: Authorize
  /**
   * A ky instance whose prefix is the API's base URL, which is discovered first if the provider has discovery.
   *
   * @throws NightlatchError `discovery_failed`, `origin_refused`, `timed_out`, or what `token` throws
   */
  api(options?: { signal?: AbortSignal }): Promise<KyInstance>
  /**
   * What the provider's discovery returned, discovered once; `undefined` for a provider without discovery.
   *
   * @throws NightlatchError `discovery_failed`, `origin_refused`, `timed_out`, or what `token` throws
   */
  info(options?: { signal?: AbortSignal }): Promise<Info>
  /**
   * Drops this client's cached tokens, here and in the store, what discovery found, and the credentials that a function returned.
   */
  forget(): Promise<void>
  /** Stops background work. Pending calls still settle. */
  close(): Promise<void>
}

/**
 * A client of a provider. It sends nothing before the first call.
 *
 * @param provider what a provider package's function returns, or a description of your own
 * @param options credentials, and what differs from the defaults
 * @throws NightlatchError `invalid_options`, naming every wrong option by its path
 * @example
 * ```ts
 * const client = createClient(
 *   { name: 'acme', tokenEndpoint: 'https://login.acme.example/token', api: 'https://api.acme.example/v2' },
 *   { credentials: { clientId: 'robot', clientSecret: process.env.ACME_SECRET } },
 * )
 * const response = await client.fetch('https://api.acme.example/v2/orders')
 * ```
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-4.4 RFC 6749 section 4.4}
 */
export function createClient<Info>(provider: Provider<Info>, options: ClientOptions): Client<Info> {
  checkClient(provider, options)
  const parts = createSharedParts(provider, options)
  return new ProviderClient(parts, parts.createReader(options.credentials))
}

/** What all clients of one provider share. */
export interface ClientParts<Info> extends TokenSourceParts {
  /** The caller's own object, which `client.provider` returns. */
  readonly given: Provider<Info>
  /** A copy, so that later changes of the caller's object have no effect. */
  readonly provider: Provider<Info>
  readonly transport: Transport
  readonly findEndpoint: (signal: AbortSignal) => Promise<TokenEndpoint>
  /** Ends background work other than refreshes. */
  readonly close: () => void
  readonly emit: Emit
  readonly diagnostics: Diagnostics
  /** Reads the issuer's metadata anew with the next grant. */
  readonly forgetMetadata: () => void
  /** @param tenant the function's argument */
  readonly createReader: (source: CredentialsSource | TenantCredentials, tenant?: string) => CredentialsReader
  readonly underWay: RequestsUnderWay
}

const always: Subscribable = { hasSubscribers: true }
const never: Subscribable = { hasSubscribers: false }

const defaultTimeoutSeconds = 10

/** Creates what all clients of a provider share. */
export function createSharedParts<Info>(
  given: Provider<Info>,
  givenOptions: Omit<ClientOptions, 'credentials'>,
): ClientParts<Info> {
  const provider = copyDescription(given)
  const options = ownMembers(givenOptions)
  const { store, timeout = defaultTimeoutSeconds, credentialsMaxAge, allowInsecureRequests = false } = options
  // Platform functions are looked up at each call, because a program may replace them later.
  const now = options.now ?? (() => Date.now())
  // A given clock is the only one, so that a test controls it.
  const time = createSteadyClock(now, options.now === undefined ? undefined : () => 0)
  const diagnostics = createDiagnostics()
  const emit = toEmit(options.onEvent, diagnostics.events)
  const listeners = options.onEvent === undefined ? (diagnostics.events ?? never) : always
  const random = Math.random
  const fetch: Fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  const transport: Transport = { fetch, allowInsecureRequests, now, time }
  const underWay = new RequestsUnderWay()
  const watched: Transport = { ...transport, fetch: underWay.watch(fetch) }
  const { find: findEndpoint, forget: forgetMetadata, close } = createEndpointFinder(provider, watched, timeout)
  const loadOpenid = createOpenidLoader()
  const grantor: Grantor = { provider, transport: watched, findEndpoint, loadOpenid, emit, diagnostics, random }
  const defaultGrant = refineGrant(refineGrant({ scopes: [], parameters: {} }, provider), options)
  const givenDpop = options.dpopKey && new DpopProofs(options.dpopKey, now)
  const createDpop = (): DpopProofs | undefined =>
    provider.dpop === true ? (givenDpop ?? new DpopProofs(undefined, now)) : undefined
  const expiry = credentialsMaxAge === undefined ? undefined : { maxAge: credentialsMaxAge, time }
  const shared = store === undefined ? undefined : shareTokens(provider, store, transport, timeout, emit, diagnostics)
  return {
    given,
    provider,
    transport,
    findEndpoint,
    close,
    emit,
    listeners,
    diagnostics,
    forgetMetadata,
    createReader: (source, tenant) => new CredentialsReader(source, provider.name, createDpop(), tenant, expiry),
    underWay,
    defaultGrant,
    defaultIdentity: grantIdentity(defaultGrant),
    acquire: (client, grant, terms) => acquireToken(grantor, client, grant, terms),
    shared,
    time,
    timeout,
    timeoutError: (seconds) => describeLateness(provider, seconds),
    random,
  }
}

/** A client: the public methods over a token source. What requests need is created at the first one. */
export class ProviderClient<Info> implements Client<Info> {
  readonly #parts: ClientParts<Info>
  /** A copy of the fresh token, so that a cache hit reads one object. It is dropped with the token that it is a copy of. */
  #fresh: Promise<AccessToken> | undefined
  #freshUntil = 0
  #isUsed = false
  readonly #tokens: TokenSource
  #requests: RequestParts<Info> | undefined

  constructor(parts: ClientParts<Info>, credentials: CredentialsReader) {
    this.#parts = parts
    this.#tokens = new TokenSource(parts, credentials)
  }

  /** For the pool: notes that a client was asked for. */
  static markUsed(client: ProviderClient<unknown>): void {
    client.#isUsed = true
  }

  /** For the pool: whether a client was used since the last call, or has a token request in flight. */
  static takeTurn(client: ProviderClient<unknown>): boolean {
    const isUsed = client.#isUsed
    client.#isUsed = false
    return isUsed || client.#tokens.busy
  }

  get provider(): Provider<Info> {
    return this.#parts.given
  }

  token(options?: TokenOptions): Promise<AccessToken> {
    if (!ProviderClient.#isClient(this)) return Promise.reject(detachedMethod('token'))
    if (options === undefined) return this.#obtain(undefined)
    const { provider, defaultGrant } = this.#parts
    try {
      checkTokenOptions(options, provider.name)
    } catch (mistake) {
      return Promise.reject(mistake)
    }
    const { signal, rejected, scopes, parameters } = options
    const differs = scopes !== undefined || parameters !== undefined
    const grant = differs ? refineGrant(defaultGrant, options) : undefined
    return this.#obtain({ signal, rejected, grant })
  }

  get fetch(): Fetch {
    return this.#forRequests().fetch
  }

  get authorize(): Authorize {
    return this.#forRequests().authorize
  }

  async api({ signal }: { signal?: AbortSignal } = {}): Promise<KyInstance> {
    if (!ProviderClient.#isClient(this)) throw detachedMethod('api')
    const requests = this.#forRequests()
    const { baseUrl } = await requests.finder.find(signal)
    const known = requests.api
    if (known?.baseUrl === baseUrl) return known.instance
    const instance = await createApi(baseUrl, requests.fetch)
    // The first of several callers, or the first after a new discovery.
    if (requests.api === known) requests.api = { baseUrl, instance }
    return requests.api?.baseUrl === baseUrl ? requests.api.instance : instance
  }

  async info({ signal }: { signal?: AbortSignal } = {}): Promise<Info> {
    if (!ProviderClient.#isClient(this)) throw detachedMethod('info')
    // A provider without discovery has no Info to give.
    if (typeof this.#parts.provider.api !== 'function') return undefined as Info
    return (await this.#forRequests().finder.find(signal)).info
  }

  async forget(): Promise<void> {
    if (!ProviderClient.#isClient(this)) throw detachedMethod('forget')
    this.#fresh = undefined
    this.#parts.forgetMetadata()
    this.#requests?.finder.forget()
    await this.#tokens.forget()
  }

  async close(): Promise<void> {
    if (!ProviderClient.#isClient(this)) throw detachedMethod('close')
    await this.#tokens.close()
    this.#parts.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Every call for a token comes through here. */
  #obtain(options: TokenSourceOptions | undefined): Promise<AccessToken> {
    const { listeners, time } = this.#parts
    if (options === undefined && !listeners.hasSubscribers) {
      const now = time()
      if (now < this.#freshUntil && this.#fresh !== undefined) return this.#fresh
      const { promise, until } = this.#tokens.fresh(now)
      this.#fresh = promise
      this.#freshUntil = until
      if (promise !== undefined) return promise
    }
    if (options?.rejected !== undefined) this.#fresh = undefined
    return this.#tokens.obtain(options)
  }

  static #isClient(self: unknown): boolean {
    return typeof self === 'object' && self !== null && #parts in self
  }

  #forRequests(): RequestParts<Info> {
    if (this.#requests !== undefined) return this.#requests
    const { provider, transport, findEndpoint, timeout, emit, diagnostics, underWay } = this.#parts
    const tokens = new RequestTokens((options) => this.#obtain(options))
    const onRequests = { provider, tokens, dpop: this.#tokens.dpop, emit }
    const finder = createApiFinder({ ...onRequests, timeout, transport, findEndpoint, diagnostics })
    const guarded = { ...onRequests, mayReceiveToken: finder.mayReceiveToken }
    const fetch = createAuthenticatedFetch({ ...guarded, fetch: transport.fetch })
    const authorize = createAuthorize({ ...guarded, underWay })
    this.#requests = { finder, fetch, authorize, api: undefined }
    return this.#requests
  }
}

/** `const { token } = client` takes a method off its client, which it then cannot find. */
function detachedMethod(name: string): NightlatchError {
  return new NightlatchError(
    'invalid_options',
    `client.${name}() was called without its client. Call it as client.${name}(), or pass () => client.${name}()`,
  )
}

/** What API requests need in addition to tokens. */
interface RequestParts<Info> {
  readonly finder: ApiFinder<Info>
  readonly fetch: Fetch
  readonly authorize: Authorize
  api: { readonly baseUrl: URL; readonly instance: KyInstance } | undefined
}
