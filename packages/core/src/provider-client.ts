import type { KyInstance } from 'ky'
import type { AccessToken } from './acquire/access-token.ts'
import { CredentialsReader } from './acquire/credentials.ts'
import type { Provider } from './acquire/provider.ts'
import { type GrantRequest, refineGrant } from './acquire/token-request.ts'
import { grantIdentity } from './cache/cache-key.ts'
import type { TokenEntry } from './cache/token-entry.ts'
import { TokenSource, type TokenSourceOptions } from './cache/token-source.ts'
import type { TokenStatus } from './cache/token-status.ts'
import type { Client } from './client.ts'
import {
  type ClientOptions,
  checkClient,
  checkTokenOptions,
  checkViewOptions,
  type TokenOptions,
  type ViewOptions,
} from './client-options.ts'
import { type ClientParts, createSharedParts } from './client-parts.ts'
import { NightlatchError } from './errors.ts'
import { AllowedOrigins } from './fetch/allowed-origins.ts'
import { createApi } from './fetch/api.ts'
import { createAuthenticatedFetch } from './fetch/authenticated-fetch.ts'
import { type Authorize, createAuthorize } from './fetch/authorization.ts'
import { type ApiFinder, createApiFinder } from './fetch/discover-api.ts'
import { RejectionHistory, RequestTokens } from './fetch/request-tokens.ts'
import type { Fetch } from './platform/fetch.ts'

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

/** A {@link Client}, or a view of one: the public methods over a token source. The first API request creates the parts for all. */
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
      this.#entry = this.#tokens.defaultEntry
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
  static wasUsedSinceLastTurn(client: ProviderClient<unknown>): boolean {
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
    const { listeners } = this.#parts
    if (options === undefined && !listeners.hasSubscribers) {
      const time = this.#parts.time()
      if (time < this.#freshUntil && this.#fresh !== undefined) return this.#fresh
      const fresh = this.#entry.fresh(time)
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
    const { provider, transport, findEndpoint, timeout, emit, diagnostics, ownRequests } = this.#parts
    const view = this.#view
    const shared = view === undefined ? undefined : view.client.#forRequests()
    const history = shared?.history ?? new RejectionHistory(this.#parts.time)
    const discoveries = shared?.discoveries ?? { forgotten: 0 }
    const identity = view?.identity ?? this.#parts.defaultIdentity
    const tokens = new RequestTokens((options) => this.#obtain(options), history, identity)
    const { dpop, label } = this.#tokens
    const origins = shared?.origins ?? new AllowedOrigins({ provider, emit, label }, transport.allowInsecureRequests)
    const onRequests = { provider, tokens, origins, dpop, emit, label }
    const discovery = { timeout, transport, findEndpoint, diagnostics, discoveries }
    const finder = createApiFinder({ ...onRequests, ...discovery })
    const fetch = createAuthenticatedFetch({ ...onRequests, fetch: transport.fetch })
    const authorize = createAuthorize({ ...onRequests, ownRequests })
    this.#requests = { finder, fetch, authorize, api: undefined, history, origins, discoveries }
    return this.#requests
  }
}

/** What makes a view of a client. */
interface View<Info> {
  /** The client itself, which is no view. */
  readonly client: ProviderClient<Info>
  readonly grant: GrantRequest
  /** Its scopes and parameters as text; each text has its own entry in the cache. */
  readonly identity: string
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
  readonly origins: AllowedOrigins
  /** Shared with the views of a client: `forget()` of the client drops what its views discovered, too. */
  readonly discoveries: { forgotten: number }
}
