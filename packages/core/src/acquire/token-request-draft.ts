import type { AssertionSource } from './assertion-source.ts'
import type { IdentifiedCredentials } from './credentials.ts'

/** A token request that is about to be sent. A client authentication writes the credentials onto it. */
export interface TokenRequestDraft {
  /** The token endpoint; a copy, so that credentials in the query stay in this request. */
  readonly url: URL
  readonly headers: Headers
  /** The grant's parameters: the form, the members of a JSON body, or the query. */
  readonly parameters: URLSearchParams
  /** With `bodyFormat: 'json'`: the body, if it is not just the parameters. */
  json?: unknown
  /** The authorization server's issuer identifier, if it is known. */
  readonly issuer: URL | undefined
  /**
   * The issuer identifier as the metadata, or else the provider, spells it. A server compares an assertion's audience character
   * by character, and a URL adds a slash to a bare host.
   */
  readonly issuerIdentifier?: string | undefined
  /** When this attempt is made, by the client's clock; for signatures. */
  readonly date?: Date
  /** The JWT that the client authentication's `source` returned for this attempt. */
  readonly assertion?: string
}

/**
 * Puts credentials onto a token request: those of the client, or with a `source` a JWT that another party signed.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-2.3 RFC 6749 section 2.3}
 */
export interface ClientAuthentication {
  /** Its identity in the cache key: two client authentications of one name must authenticate alike. */
  readonly name: string
  /** What it needs besides the client id; `createClient` checks that the credentials have it. Default: nothing. */
  readonly requires?: 'clientSecret' | 'privateKey'
  /**
   * Returns a JWT that another party signed; asked for each HTTP attempt, and once more after a rejection. A JWT that has expired
   * is not sent. With a source, credentials need no client id. Default: none.
   */
  readonly source?: AssertionSource
  /**
   * Called for each HTTP attempt, after the parameters are set.
   *
   * @param request written to in place; its `assertion` is what the source returned
   * @param credentials the client's; `clientId` is empty if they have none, which only a source allows
   */
  authenticate(request: TokenRequestDraft, credentials: IdentifiedCredentials): void | Promise<void>
}
