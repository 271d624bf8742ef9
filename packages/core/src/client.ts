import type { KyInstance } from 'ky'
import type { AccessToken } from './acquire/access-token.ts'
import type { Provider } from './acquire/provider.ts'
import type { TokenStatus } from './cache/token-status.ts'
import type { TokenOptions, ViewOptions } from './client-options.ts'
import type { Authorize } from './fetch/authorization.ts'
import type { Fetch } from './platform/fetch.ts'

// `ProviderClient` in provider-client.ts implements it.

/**
 * A client of one provider with one set of credentials, for any number of callers. `fetch` and `authorize` also work by
 * themselves, as in `const { fetch } = client`; the other methods must be called on the client.
 */
export interface Client<Info = unknown> extends AsyncDisposable {
  readonly provider: Provider<Info>
  /**
   * Returns a token that is valid now: from memory, from the store, or from one shared grant.
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
   * Returns a ky instance whose prefix is the API's base URL, which is discovered first if the provider has discovery. ky's `HTTPError`
   * carries the provider's hints, a list of sentences, as `error.hints`.
   *
   * @throws NightlatchError `discovery_failed`, `origin_refused`, `timed_out`, or what `token` throws
   */
  api(options?: { signal?: AbortSignal }): Promise<KyInstance>
  /**
   * Returns the result of the provider's discovery, which runs once; `undefined` for a provider without discovery.
   *
   * @throws NightlatchError `discovery_failed`, `origin_refused`, `timed_out`, or what `token` throws
   */
  info(options?: { signal?: AbortSignal }): Promise<Info>
  /**
   * Returns the API's base URL, for programs with another HTTP client. If the provider has discovery, it is discovered first.
   *
   * @returns a copy
   * @throws NightlatchError `discovery_failed`, `origin_refused`, `timed_out`, or what `token` throws
   */
  apiUrl(options?: { signal?: AbortSignal }): Promise<URL>
  /** Describes this client's token, for a health check or a status page; it sends no request. A view describes its own. */
  status(): TokenStatus
  /**
   * Returns a view of this client that requests tokens with other scopes or parameters. It shares everything else with the client:
   * credentials, cache, store, token requests in flight, events. A view of a view refines the view.
   *
   * @param grant `scopes` instead of this client's; `parameters` that are added to this client's, and override them
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
   * Drops this client's cached tokens, here and in the store, and revokes them. If a revocation fails, the next call of `revoke`
   * repeats it. A view revokes its own token only.
   *
   * @throws NightlatchError `invalid_options` if neither the provider nor its issuer's metadata names a revocation endpoint; any
   *   other code but `origin_refused`, as `token` does
   * @see {@link https://www.rfc-editor.org/rfc/rfc7009#section-2 RFC 7009 section 2}
   */
  revoke(): Promise<void>
  /**
   * Stops background work. Pending calls still settle. Closing a view changes nothing.
   *
   * @param options.revoke whether to revoke the cached tokens, too; default `false`
   * @throws NightlatchError what `revoke` throws; the client is closed nevertheless
   */
  close(options?: { readonly revoke?: boolean }): Promise<void>
}
