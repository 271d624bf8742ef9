import type { Credentials } from './credentials.ts'

/** A token request, or a revocation, that is about to be sent. A client authentication writes the credentials onto it. */
export interface TokenRequestDraft {
  /** The token endpoint, or the revocation endpoint; a copy, so that credentials in the query stay in this request. */
  readonly url: URL
  /** The token endpoint, if `url` is another. */
  readonly tokenEndpoint?: URL
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
}

/**
 * Puts credentials onto a token request.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-2.3 RFC 6749 section 2.3}
 */
export interface ClientAuthentication {
  /** Its identity in the cache key: two client authentications of one name must authenticate alike. */
  readonly name: string
  /** What it needs besides the client id; `createClient` checks that the credentials have it. Default: nothing. */
  readonly requires?: 'clientSecret' | 'privateKey'
  /**
   * Called for each HTTP attempt, after the parameters are set.
   *
   * @param request written to in place
   * @param credentials the client's
   */
  authenticate(request: TokenRequestDraft, credentials: Credentials): void | Promise<void>
}
