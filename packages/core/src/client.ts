import type { KyInstance } from 'ky'
import type { AccessToken } from './acquire/access-token.ts'
import { acquireToken, describeLateness, explainFailure, type Grantor } from './acquire/acquire-token.ts'
import {
  CredentialsReader,
  type CredentialsReaderOptions,
  type CredentialsSource,
  type TenantCredentials,
} from './acquire/credentials.ts'
import { DpopProofs } from './acquire/dpop.ts'
import { createEndpointFinder } from './acquire/issuer-metadata.ts'
import { copyDescription, hasSource, type Provider } from './acquire/provider.ts'
import type { CredentialsOf } from './acquire/request-credentials.ts'
import { prepareRevocation, type RevokeToken } from './acquire/revoke-token.ts'
import { createOpenidLoader, type TokenEndpoint, type Transport } from './acquire/token-endpoint.ts'
import { type GrantRequest, refineGrant } from './acquire/token-request.ts'
import { grantIdentity } from './cache/cache-key.ts'
import { shareTokens } from './cache/shared-tokens.ts'
import { createSteadyClock } from './cache/steady-clock.ts'
import type { TokenEntry } from './cache/token-entry.ts'
import { TokenSource, type TokenSourceOptions, type TokenSourceParts } from './cache/token-source.ts'
import type { TokenStatus } from './cache/token-status.ts'
import {
  type ClientOptions,
  checkClient,
  checkTokenOptions,
  checkViewOptions,
  type TokenOptions,
  type ViewOptions,
} from './client-options.ts'
import { createDiagnostics, type Diagnostics, type Subscribable } from './diagnostics.ts'
import { NightlatchError } from './errors.ts'
import { type Emit, toEmit } from './events.ts'
import { createApi } from './fetch/api.ts'
import { createAuthenticatedFetch } from './fetch/authenticated-fetch.ts'
import { type Authorize, createAuthorize } from './fetch/authorization.ts'
import { type ApiFinder, createApiFinder } from './fetch/discover-api.ts'
import { RejectionHistory } from './fetch/rejection-history.ts'
import { RequestTokens } from './fetch/request-tokens.ts'
import type { Fetch } from './platform/fetch.ts'
import { InFlightRequests } from './platform/in-flight-requests.ts'
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
   * Authorizes one request that an HTTP client other than `fetch` makes, with the checks of `client.fetch`. Returns `undefined`
   * for a request to send unchanged: it requests a token itself, or its origin is not allowed and `foreignOrigins` is
   * `'passThrough'`.
   *
   * @param url the request's absolute URL
   * @throws NightlatchError `origin_refused`, or what `token` throws
   */
  readonly authorize: Authorize
  /**
   * A ky instance whose prefix is the API's base URL, which is discovered first if the provider has discovery. ky's `HTTPError`
   * carries the provider's hints, a list of sentences, as `error.hints`.
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
   * The API's base URL, discovered first if the provider has discovery, for programs that send requests with an HTTP client of
   * their own.
   *
   * @returns a copy
   * @throws NightlatchError `discovery_failed`, `origin_refused`, `timed_out`, or what `token` throws
   */
  apiUrl(options?: { signal?: AbortSignal }): Promise<URL>
  /** What this client knows of its token, for a health check or a status page; it sends no request. A view describes its own. */
  status(): TokenStatus
  /**
   * A view of this client that asks for tokens with other scopes or parameters. It shares everything else with the client:
   * credentials, cache, store, token requests in flight, events. A view of a view refines the view.
   *
   * @param grant `scopes` in place of this client's; `parameters` added to this client's, and overriding them
   * @throws NightlatchError `invalid_options`
   * @example
   * ```ts
   * const files = client.with({ scopes: ['files.read'], parameters: { audience: 'https://files.acme.example' } })
   * const response = await files.fetch('https://files.acme.example/v1/documents')
   * ```
   */
  with(grant: ViewOptions): Client<Info>
  /**
   * Drops this client's cached tokens, here and in the store, those of its views included; what discovery found; and the
   * credentials that a function returned. A view drops its own token only.
   */
  forget(): Promise<void>
  /**
   * Revokes the tokens that this client has cached, after it dropped them here and in the store, so that the next call requests a
   * new one. A token that could not be revoked is revoked by the next call of `revoke`.
   * A view revokes its own token only.
   *
   * @throws NightlatchError `invalid_options` if neither the provider nor its issuer's metadata names a revocation endpoint; any
   *   other code but `origin_refused`, as `token` does
   * @see {@link https://www.rfc-editor.org/rfc/rfc7009#section-2 RFC 7009 section 2}
   */
  revoke(): Promise<void>
  /**
   * Stops background work. Pending calls still settle. A view has none of its own: closing it changes nothing.
   *
   * @param options.revoke whether to revoke the cached tokens, too; default `false`
   * @throws NightlatchError what `revoke` throws; the client is closed nevertheless
   */
  close(options?: { readonly revoke?: boolean }): Promise<void>
}

/**
 * Creates a client of a provider. The client sends nothing before its first call.
 *
 * @param provider the result of a provider package's function, or a {@link Provider} of your own
 * @param options the credentials, and any options that differ from their defaults
 * @throws NightlatchError `invalid_options`; the message names every wrong option by its path
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
  const { label } = options
  return new ProviderClient(parts, parts.createReader(options.credentials, { label }))
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
  readonly createReader: (
    source: CredentialsSource | TenantCredentials,
    options: Pick<CredentialsReaderOptions, 'tenant' | 'label'>,
  ) => CredentialsReader
  readonly inFlight: InFlightRequests
  readonly prepareRevocation: (client: CredentialsOf) => Promise<RevokeToken>
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
  const { store, label, timeout = defaultTimeoutSeconds, credentialsMaxAge, allowInsecureRequests = false } = options
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
  const inFlight = new InFlightRequests()
  const watched: Transport = { ...transport, fetch: inFlight.watch(fetch) }
  const { find: findEndpoint, forget: forgetMetadata, close } = createEndpointFinder(provider, watched, timeout)
  const loadOpenid = createOpenidLoader()
  const grantor: Grantor = { provider, transport: watched, findEndpoint, loadOpenid, emit, diagnostics, random }
  const defaultGrant = refineGrant(refineGrant({ scopes: [], parameters: {} }, provider), options)
  const givenDpop = options.dpopKey && new DpopProofs(options.dpopKey, now)
  const createDpop = (): DpopProofs | undefined =>
    provider.dpop === true ? (givenDpop ?? new DpopProofs(undefined, now)) : undefined
  const expiry = credentialsMaxAge === undefined ? undefined : { maxAge: credentialsMaxAge, time }
  const shared =
    store === undefined ? undefined : shareTokens(provider, store, transport, timeout, emit, diagnostics, label)
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
    createReader: (source, { tenant, label }) =>
      new CredentialsReader(source, {
        provider: provider.name,
        dpop: createDpop(),
        tenant,
        hasSource: hasSource(provider),
        label,
        expiry,
      }),
    inFlight,
    defaultGrant,
    defaultIdentity: grantIdentity(defaultGrant),
    acquire: (client, grant, terms) => acquireToken(grantor, client, grant, terms),
    shared,
    time,
    timeout,
    timeoutError: (seconds) => explainFailure(provider, describeLateness(provider, seconds)) as NightlatchError,
    random,
    prepareRevocation: (client) => prepareRevocation({ provider, transport: watched, findEndpoint, timeout }, client),
  }
}

/** What makes a view of a client. */
interface View<Info> {
  /** The client itself, which is no view. */
  readonly client: ProviderClient<Info>
  readonly grant: GrantRequest
  /** Of the grant; see cache-key.ts. */
  readonly identity: string
}

/** A client, or a view of one: the public methods over a token source. What requests need is created at the first one. */
export class ProviderClient<Info> implements Client<Info> {
  readonly #parts: ClientParts<Info>
  readonly #view: View<Info> | undefined
  #entry: TokenEntry
  /** A copy of the fresh token, so that a cache hit reads one object. It is dropped with the token that it is a copy of. */
  #fresh: Promise<AccessToken> | undefined
  #freshUntil = 0
  #isUsed = false
  readonly #tokens: TokenSource
  /** Tokens that `revoke` failed to revoke. */
  #unrevoked: readonly AccessToken[] | undefined
  #requests: RequestParts<Info> | undefined

  /** @param origin the credentials of a client, or the client that this is a view of */
  constructor(parts: ClientParts<Info>, origin: CredentialsReader | View<Info>) {
    this.#parts = parts
    if (origin instanceof CredentialsReader) {
      this.#tokens = new TokenSource(parts, origin)
      this.#entry = this.#tokens.default
    } else {
      this.#view = origin
      this.#tokens = origin.client.#tokens
      this.#entry = this.#tokens.entryOf(origin.grant, origin.identity)
    }
  }

  /** For the pool: marks a client as used. */
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
    try {
      checkTokenOptions(options, this.#parts.provider.name, this.#tokens.label)
    } catch (mistake) {
      return Promise.reject(mistake)
    }
    const { signal, rejected, minimumLifetime, scopes, parameters } = options
    const differs = scopes !== undefined || parameters !== undefined
    const grant = differs ? refineGrant(this.#grant, options) : undefined
    return this.#obtain({ signal, rejected, minimumLifetime, grant })
  }

  with(options: ViewOptions): Client<Info> {
    if (!ProviderClient.#isClient(this)) throw detachedMethod('with')
    checkViewOptions(options, this.#parts.provider.name, this.#tokens.label)
    const grant = refineGrant(this.#grant, options)
    const client = this.#view?.client ?? this
    return new ProviderClient(this.#parts, { client, grant, identity: grantIdentity(grant) })
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
    const instance = await createApi(baseUrl, requests.fetch, this.#parts.provider)
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

  async apiUrl({ signal }: { signal?: AbortSignal } = {}): Promise<URL> {
    if (!ProviderClient.#isClient(this)) throw detachedMethod('apiUrl')
    return new URL((await this.#forRequests().finder.find(signal)).baseUrl)
  }

  status(): TokenStatus {
    if (!ProviderClient.#isClient(this)) throw detachedMethod('status')
    return this.#tokens.status(this.#parts.transport.now(), this.#view?.grant)
  }

  async forget(): Promise<void> {
    if (!ProviderClient.#isClient(this)) throw detachedMethod('forget')
    this.#dropCopy()
    if (this.#view === undefined) this.#parts.forgetMetadata()
    if (this.#view === undefined && this.#requests !== undefined) this.#requests.discoveries.forgotten += 1
    this.#requests?.finder.forget()
    await this.#tokens.forget(this.#view?.grant)
  }

  async revoke(): Promise<void> {
    if (!ProviderClient.#isClient(this)) throw detachedMethod('revoke')
    const revokeToken = await this.#parts.prepareRevocation(this.#tokens.client)
    const tokens = [...(this.#unrevoked ?? []), ...this.#tokens.held(this.#view?.grant)]
    this.#unrevoked = undefined
    this.#dropCopy()
    // The credentials stay, because the revocation needs them.
    await this.#tokens.forget(this.#view?.grant, { keepCredentials: true })
    const results = await Promise.allSettled(tokens.map(revokeToken))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed === undefined) return
    this.#unrevoked = [...(this.#unrevoked ?? []), ...tokens.filter((_, at) => results[at]?.status === 'rejected')]
    throw failed.reason
  }

  async close({ revoke = false }: { readonly revoke?: boolean } = {}): Promise<void> {
    if (!ProviderClient.#isClient(this)) throw detachedMethod('close')
    if (this.#view !== undefined) return revoke ? await this.revoke() : undefined
    await this.#tokens.close()
    try {
      if (revoke) await this.revoke()
    } finally {
      this.#parts.close()
    }
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
      const fresh = this.#entry.fresh(now)
      this.#copy(fresh)
      if (fresh !== undefined) return fresh
    }
    const view = this.#view
    if (options?.rejected !== undefined || options?.minimumLifetime !== undefined) this.#dropCopy()
    if (view === undefined || options?.grant !== undefined) return this.#tokens.obtain(options)
    // The entry may have been evicted.
    this.#entry = this.#tokens.entryOf(view.grant, view.identity)
    return this.#tokens.obtain({ ...options, grant: view.grant, identity: view.identity })
  }

  /** A view keeps no copy: the client, and other views, would not know that it has to be dropped. */
  #copy(fresh: Promise<AccessToken> | undefined): void {
    if (this.#view !== undefined) return
    this.#fresh = fresh
    this.#freshUntil = this.#entry.copyUntil
  }

  /** Another token is going to replace the fresh one; a view's may be the client's own. */
  #dropCopy(): void {
    const client = this.#view?.client ?? this
    client.#fresh = undefined
  }

  get #grant(): GrantRequest {
    return this.#view?.grant ?? this.#parts.defaultGrant
  }

  static #isClient(self: unknown): boolean {
    return typeof self === 'object' && self !== null && #parts in self
  }

  #forRequests(): RequestParts<Info> {
    if (this.#requests !== undefined) return this.#requests
    const { provider, transport, findEndpoint, timeout, emit, diagnostics, inFlight } = this.#parts
    const view = this.#view
    const shared = view === undefined ? undefined : view.client.#forRequests()
    const history = shared?.history ?? new RejectionHistory(this.#parts.time)
    const discoveredOrigins = shared?.discoveredOrigins ?? new Set<string>()
    const discoveries = shared?.discoveries ?? { forgotten: 0 }
    const identity = view?.identity ?? this.#parts.defaultIdentity
    const tokens = new RequestTokens((options) => this.#obtain(options), history, identity)
    const { dpop, label } = this.#tokens
    const onRequests = { provider, tokens, dpop, emit, label }
    const discovery = { timeout, transport, findEndpoint, diagnostics, discoveredOrigins, discoveries }
    const finder = createApiFinder({ ...onRequests, ...discovery })
    const guarded = { ...onRequests, mayReceiveToken: finder.mayReceiveToken }
    const fetch = createAuthenticatedFetch({ ...guarded, fetch: transport.fetch })
    const authorize = createAuthorize({ ...guarded, inFlight })
    this.#requests = { finder, fetch, authorize, api: undefined, history, discoveredOrigins, discoveries }
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
  /** Shared with the views of a client. */
  readonly history: RejectionHistory
  /** Shared with the views of a client: what a client may send tokens to, its views may, too. */
  readonly discoveredOrigins: Set<string>
  /** Shared with the views of a client: `forget()` of the client drops what its views discovered, too. */
  readonly discoveries: { forgotten: number }
}
