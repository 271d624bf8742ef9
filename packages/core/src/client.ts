import type { KyInstance } from 'ky'
import type { AccessToken } from './acquire/access-token.ts'
import { acquireToken, describeLateness, type Grantor } from './acquire/acquire-token.ts'
import { CredentialsReader } from './acquire/credentials.ts'
import { DpopProofs } from './acquire/dpop.ts'
import { createEndpointFinder } from './acquire/issuer-metadata.ts'
import { OpenidGrants } from './acquire/openid-grants.ts'
import type { Provider } from './acquire/provider.ts'
import type { TokenEndpoint, Transport } from './acquire/token-endpoint.ts'
import { refineGrant } from './acquire/token-request.ts'
import { grantIdentity } from './cache/cache-key.ts'
import { shareTokens } from './cache/shared-tokens.ts'
import { createSteadyClock } from './cache/steady-clock.ts'
import { TokenSource, type TokenSourceParts } from './cache/token-source.ts'
import { type ClientOptions, checkClient, checkTokenOptions, type TokenOptions } from './client-options.ts'
import { type Audience, createDiagnostics, type Diagnostics } from './diagnostics.ts'
import { type Emit, toEmit } from './events.ts'
import { createApi } from './fetch/api.ts'
import { createAuthenticatedFetch } from './fetch/authenticated-fetch.ts'
import { type Authorize, createAuthorize } from './fetch/authorization.ts'
import { type ApiFinder, createApiFinder } from './fetch/discover-api.ts'
import { RequestsUnderWay } from './platform/requests-under-way.ts'

/** A client of one provider with one set of credentials; safe to share by any number of callers. */
export interface Client<Info = undefined> extends AsyncDisposable {
  readonly provider: Provider<Info>
  /**
   * A token that is valid now: from memory, from the store, or from one shared grant.
   *
   * @throws NightlatchError with any code but `origin_refused`; an aborted caller gets its own `signal.reason`
   */
  token(options?: TokenOptions): Promise<AccessToken>
  /**
   * `fetch` that puts the token on, refuses origins that may not see it, and replaces a refused token once. A request with an
   * `Authorization` header of its own goes out as it is.
   *
   * @throws NightlatchError `origin_refused`, or what `token` throws; network failures are `fetch`'s own
   */
  readonly fetch: typeof globalThis.fetch
  /**
   * What authorises one request that something other than `fetch` makes, with the guards of `client.fetch`; `undefined` where
   * it is to go out as it is: it asks for a token itself, or its URL may not see one and `elsewhere` is `'pass'`.
   *
   * @param url where the request goes, whole
   * @throws NightlatchError `origin_refused`, or what `token` throws
   */
  readonly authorize: Authorize
  /**
   * A ky instance whose prefix is the API's base URL, discovered first where the provider discovers it. ky's `HTTPError`
   * has the provider's hints, a list of sentences, as `error.hints`.
   *
   * @throws NightlatchError `discovery_failed`, `origin_refused`, `timed_out`, or what `token` throws
   */
  api(options?: { signal?: AbortSignal }): Promise<KyInstance>
  /**
   * What the provider's discovery answered; `undefined` for a provider without discovery. Discovered once, then remembered.
   *
   * @throws NightlatchError `discovery_failed`, `origin_refused`, `timed_out`, or what `token` throws
   */
  info(options?: { signal?: AbortSignal }): Promise<Info>
  /** Drops this client's cached tokens, here and in the store. */
  forget(): Promise<void>
  /** Stops background work. Pending calls still settle. */
  close(): Promise<void>
}

/**
 * A client of a provider. Nothing is asked for until the first call.
 *
 * @param provider what the provider is: the result of a provider package's function, or a description of your own
 * @param options credentials, and what departs from the defaults
 * @throws NightlatchError `invalid_options`, naming every wrong option by its path
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-4.4 RFC 6749 section 4.4}
 */
export function createClient<Info>(provider: Provider<Info>, options: ClientOptions): Client<Info> {
  checkClient(provider, options)
  const parts = layOut(provider, options)
  return new ProviderClient(parts, new CredentialsReader(options.credentials, provider.name, parts.dpopOf()))
}

/** What the clients of one provider have in common, whoever's they are. */
export interface ClientParts<Info> extends TokenSourceParts {
  /** The description as it was given, which callers see, and a copy, which is worked by. */
  readonly given: Provider<Info>
  readonly provider: Provider<Info>
  readonly transport: Transport
  readonly findEndpoint: (signal: AbortSignal) => Promise<TokenEndpoint>
  /** Ends what happens behind the callers' backs, but for grants. */
  readonly close: () => void
  readonly emit: Emit
  readonly diagnostics: Diagnostics
  /** What a client's tokens are bound to; `undefined`: nothing. */
  readonly dpopOf: () => DpopProofs | undefined
  readonly underWay: RequestsUnderWay
}

const somebody: Audience = { hasSubscribers: true }
const nobody: Audience = { hasSubscribers: false }

/** Lays out the three rooms for a provider, once, as far as they do not depend on who the client is. */
export function layOut<Info>(given: Provider<Info>, options: Omit<ClientOptions, 'credentials'>): ClientParts<Info> {
  // A copy: what the caller does to its own object later changes nothing here.
  const provider: Provider<Info> = { ...given }
  const { store, timeout = 10, allowInsecureRequests = false } = options
  // Looked up at each call where none is given, as `fetch` below: a platform's own may be replaced later.
  const now = options.now ?? (() => Date.now())
  // A clock that is given is the only one: a test moves it as it likes.
  const time = createSteadyClock(now, options.now === undefined ? undefined : () => 0)
  const diagnostics = createDiagnostics()
  const emit = toEmit(options.onEvent, diagnostics.events)
  const audience = options.onEvent === undefined ? (diagnostics.events ?? nobody) : somebody
  const chance = Math.random
  const fetch: typeof globalThis.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  const transport: Transport = { fetch, allowInsecureRequests, now, time }
  const underWay = new RequestsUnderWay()
  const watched: Transport = { ...transport, fetch: underWay.watch(fetch) }
  const { find: findEndpoint, close: closeFinder } = createEndpointFinder(provider, watched)
  const grants = new OpenidGrants()
  const grantor: Grantor = { provider, transport: watched, findEndpoint, grants, emit, diagnostics, chance }
  const defaultGrant = refineGrant(refineGrant({ scopes: [], parameters: {} }, provider), options)
  const ofGivenKey = options.dpopKey && new DpopProofs(options.dpopKey, now)
  const dpopOf = (): DpopProofs | undefined =>
    provider.dpop === true ? (ofGivenKey ?? new DpopProofs(undefined, now)) : undefined
  const shared = store === undefined ? undefined : shareTokens(provider, store, transport, timeout, emit, diagnostics)
  return {
    given,
    provider,
    transport,
    findEndpoint,
    close() {
      closeFinder()
      shared?.close()
    },
    emit,
    audience,
    diagnostics,
    dpopOf,
    underWay,
    defaultGrant,
    defaultIdentity: grantIdentity(defaultGrant),
    acquire: (client, grant, terms) => acquireToken(grantor, client, grant, terms),
    shared,
    time: transport.time,
    timeout,
    tooLate: (seconds) => describeLateness(provider, seconds),
    chance,
  }
}

/** A client: its credentials and its tokens, in rooms that it may share; what it needs for requests is made at the first one. */
export class ProviderClient<Info> extends TokenSource<ClientParts<Info>> implements Client<Info> {
  #requests: RequestParts<Info> | undefined

  get provider(): Provider<Info> {
    return this.parts.given
  }

  token(options?: TokenOptions): Promise<AccessToken> {
    if (options === undefined) return this.obtain(undefined)
    const { provider, defaultGrant } = this.parts
    try {
      checkTokenOptions(options, provider.name)
    } catch (mistake) {
      return Promise.reject(mistake)
    }
    const { signal, rejected, scopes, parameters } = options
    const differs = scopes !== undefined || parameters !== undefined
    const grant = differs ? refineGrant(defaultGrant, options) : undefined
    return this.obtain({ signal, rejected, grant })
  }

  get fetch(): typeof globalThis.fetch {
    return this.#forRequests().fetch
  }

  get authorize(): Authorize {
    return this.#forRequests().authorize
  }

  async api({ signal }: { signal?: AbortSignal } = {}): Promise<KyInstance> {
    const requests = this.#forRequests()
    const { baseUrl } = await requests.finder.find(signal)
    const api = requests.api ?? (await createApi(baseUrl, requests.fetch, this.parts.provider))
    requests.api ??= api
    return requests.api
  }

  async info({ signal }: { signal?: AbortSignal } = {}): Promise<Info> {
    // A provider without discovery has no Info to give.
    if (typeof this.parts.provider.api !== 'function') return undefined as Info
    return (await this.#forRequests().finder.find(signal)).info
  }

  override async close(): Promise<void> {
    await super.close()
    this.parts.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #forRequests(): RequestParts<Info> {
    if (this.#requests !== undefined) return this.#requests
    const { provider, transport, findEndpoint, timeout, emit, diagnostics, underWay } = this.parts
    const token: TokenSource['obtain'] = (options) => this.obtain(options)
    const onRequests = { provider, token, dpop: this.dpop, emit }
    const finder = createApiFinder({ ...onRequests, timeout, transport, findEndpoint, diagnostics })
    const guarded = { ...onRequests, mayReceiveToken: finder.mayReceiveToken }
    const fetch = createAuthenticatedFetch({ ...guarded, fetch: transport.fetch })
    const authorize = createAuthorize({ ...guarded, underWay })
    this.#requests = { finder, fetch, authorize, api: undefined }
    return this.#requests
  }
}

/** What requests need, and tokens alone do not. */
interface RequestParts<Info> {
  readonly finder: ApiFinder<Info>
  readonly fetch: typeof globalThis.fetch
  readonly authorize: Authorize
  api: KyInstance | undefined
}
