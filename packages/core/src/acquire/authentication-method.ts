import type { AssertionSource } from './assertion-source.ts'
import type { IdentifiedCredentials } from './credentials.ts'

/**
 * Adds credentials to a token request: the client's, or with a `source` a JWT that another party signed.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-2.3 RFC 6749 section 2.3}
 */
export interface ClientAuthentication {
  /** Its identity in the cache key: two client authentications with the same name must authenticate alike. */
  readonly name: string
  /** The credential that it requires besides the client id; `createClient` checks it. Default: none. */
  readonly requires?: 'clientSecret' | 'privateKey'
  /**
   * Returns a JWT that another party signed; called for each HTTP attempt, and once more after a rejection. A JWT that has expired
   * is not sent. With a source, credentials need no client id. Default: none.
   */
  readonly source?: AssertionSource
  /**
   * Called for each HTTP attempt, after the parameters are set.
   *
   * @param request the request, to be changed in place; its `assertion` is what the source returned
   * @param credentials the client's credentials; `clientId` is empty if they have none, which only a source allows
   */
  authenticate(request: TokenRequestDraft, credentials: IdentifiedCredentials): void | Promise<void>
}

/** A token request, or a revocation, before it is sent. A client authentication adds the credentials to it. */
export interface TokenRequestDraft {
  /** A copy of the URL of the token endpoint, or of the revocation endpoint. */
  readonly url: URL
  /** The token endpoint, if `url` is another. */
  readonly tokenEndpoint?: URL
  readonly headers: Headers
  /** The grant's parameters: the form, the members of a JSON body, or the query. */
  readonly parameters: URLSearchParams
  /** The JSON body, which requires `bodyFormat: 'json'`. Default: the parameters as members. */
  json?: unknown
  /** The authorization server's issuer identifier; `undefined` if it is unknown. */
  readonly issuer: URL | undefined
  /**
   * The issuer identifier exactly as the metadata, or else the provider, writes it. Servers compare an assertion's audience
   * character by character, and a `URL` adds a slash to a bare host.
   */
  readonly issuerIdentifier?: string | undefined
  /** The time of this attempt by the client's clock, for signatures. */
  readonly date?: Date
  /** The JWT that the client authentication's `source` returned for this attempt. */
  readonly assertion?: string
}

/** The name of `tlsClientAuth()`. */
export const mutualTlsName = 'tls_client_auth'

/** Whether the client authenticates by a TLS certificate. */
export function usesMutualTls(clientAuthentication: ClientAuthentication | undefined): boolean {
  return clientAuthentication?.name === mutualTlsName
}

/** The credential that a client authentication requires besides the client id. `undefined` stands for the default one. */
export function requiredCredential(
  clientAuthentication: ClientAuthentication | undefined,
): 'clientSecret' | 'privateKey' | undefined {
  const { requires } = clientAuthentication ?? { requires: 'clientSecret' }
  // Another value is reported as a mistake in the provider.
  return requires === 'clientSecret' || requires === 'privateKey' ? requires : undefined
}

/** The client authentication's part of the cache key, with a separate name if the issuer's metadata will choose it. */
export function methodName(clientAuthentication: ClientAuthentication | undefined, choosesLater = false): string {
  return clientAuthentication?.name ?? (choosesLater ? 'from metadata' : 'client_secret_basic form')
}
