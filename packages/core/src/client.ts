import type { KyInstance } from 'ky'
import type { AccessToken } from './acquire/access-token.ts'
import { acquireToken, type Grantor } from './acquire/acquire-token.ts'
import { createCredentialsReader } from './acquire/credentials.ts'
import { createEndpointFinder } from './acquire/issuer-metadata.ts'
import type { Provider } from './acquire/provider.ts'
import type { Transport } from './acquire/token-endpoint.ts'
import { refineGrant } from './acquire/token-request.ts'
import { shareTokens } from './cache/shared-tokens.ts'
import { createTokenSource } from './cache/token-source.ts'
import { type ClientOptions, checkClient, checkTokenOptions, type TokenOptions } from './client-options.ts'
import { toEmit } from './events.ts'
import { createApi } from './fetch/api.ts'
import { createAuthenticatedFetch } from './fetch/authenticated-fetch.ts'
import { createApiFinder } from './fetch/discover-api.ts'

/** A client of one provider with one set of credentials; safe to share by any number of callers. */
export interface Client<Info = undefined> extends AsyncDisposable {
  readonly provider: Provider<Info>
  /**
   * A token that is valid now: from memory, from the store, or from one shared grant.
   *
   * @throws LatchkeyError with any code but `origin_refused`; an aborted caller gets its own `signal.reason`
   */
  token(options?: TokenOptions): Promise<AccessToken>
  /**
   * `fetch` that puts the token on, refuses origins that may not see it, and replaces a refused token once. A request with an
   * `Authorization` header of its own goes out as it is.
   *
   * @throws LatchkeyError `origin_refused`, or what `token` throws; network failures are `fetch`'s own
   */
  readonly fetch: typeof globalThis.fetch
  /**
   * A ky instance whose prefix is the API's base URL, discovered first where the provider discovers it.
   *
   * @throws LatchkeyError `discovery_failed`, `origin_refused`, `timed_out`, or what `token` throws
   */
  api(options?: { signal?: AbortSignal }): Promise<KyInstance>
  /**
   * What the provider's discovery answered; `undefined` for a provider without discovery. Discovered once, then remembered.
   *
   * @throws LatchkeyError `discovery_failed`, `origin_refused`, `timed_out`, or what `token` throws
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
 * @throws LatchkeyError `invalid_options`, naming every wrong option by its path
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-4.4 RFC 6749 section 4.4}
 */
export function createClient<Info>(provider: Provider<Info>, options: ClientOptions): Client<Info> {
  checkClient(provider, options)
  // Copies: what the caller does to its own objects later changes nothing here.
  const described: Provider<Info> = { ...provider }
  const { credentials, store, timeout = 10, allowInsecureRequests = false, now = Date.now } = options
  const emit = toEmit(options.onEvent)
  // Looked up at each call where none is given: a platform's `fetch` may be instrumented later.
  const fetch: typeof globalThis.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  const transport: Transport = { fetch, allowInsecureRequests, now }

  const readCredentials = createCredentialsReader(credentials, described.name)
  const findEndpoint = createEndpointFinder(described, transport)
  const grantor: Grantor = { provider: described, transport, timeout, readCredentials, findEndpoint, emit }

  const providerGrant = refineGrant({ scopes: [], parameters: {} }, described)
  const clientGrant = refineGrant(providerGrant, options)
  const source = createTokenSource({
    defaultGrant: clientGrant,
    acquire: (grant) => acquireToken(grantor, grant),
    shared: store === undefined ? undefined : shareTokens(described, store, readCredentials, emit),
    now,
  })

  const finder = createApiFinder({ provider: described, timeout, transport, token: source.token, findEndpoint, emit })
  const authenticatedFetch = createAuthenticatedFetch({
    provider: described,
    fetch,
    token: source.token,
    mayReceiveToken: finder.mayReceiveToken,
    emit,
  })
  let api: Promise<KyInstance> | undefined

  return {
    provider,
    token(options) {
      if (options === undefined) return source.token(undefined)
      try {
        checkTokenOptions(options, described.name)
      } catch (mistake) {
        return Promise.reject(mistake)
      }
      const { signal, rejected, scopes, parameters } = options
      const differs = scopes !== undefined || parameters !== undefined
      return source.token({ signal, rejected, grant: differs ? refineGrant(clientGrant, options) : undefined })
    },
    fetch: authenticatedFetch,
    async api({ signal } = {}) {
      const { baseUrl } = await finder.find(signal)
      api ??= createApi(baseUrl, authenticatedFetch)
      return await api
    },
    async info({ signal } = {}) {
      // A provider without discovery has no Info to give.
      return typeof described.api === 'function' ? (await finder.find(signal)).info : (undefined as Info)
    },
    forget: source.forget,
    async close() {},
    async [Symbol.asyncDispose]() {},
  }
}
