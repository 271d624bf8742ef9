// The public names, in the order of the data's way. What is not here is not public.

export type { AccessToken } from './acquire/access-token.ts'
export { type ClientAssertionOptions, clientAssertion, jwtBearerGrant } from './acquire/assertion-authentication.ts'
export type { AssertionSource } from './acquire/assertion-source.ts'
export {
  clientSecretBasic,
  clientSecretJwt,
  clientSecretPost,
  type JwtAuthenticationOptions,
  none,
  privateKeyJwt,
  tlsClientAuth,
} from './acquire/client-authentication.ts'
export { clientSecretOf } from './acquire/client-secret.ts'
// Acquire: from credentials to an access token
export type { Credentials } from './acquire/credentials.ts'
export { importPrivateKey } from './acquire/private-key.ts'
export type {
  DiscoveredApi,
  DiscoveryContext,
  Failure,
  IssuerMetadataTerms,
  Provider,
  TokenRejection,
  TokenRequestFormat,
} from './acquire/provider.ts'
// Acquire: for providers that read an answer of their own
export {
  dateFromEpochMilliseconds,
  dateFromEpochSeconds,
  dateFromHttpDate,
  dateFromIso,
  readPath,
  secondsFromMilliseconds,
} from './acquire/read-fields.ts'
export type { TokenParameters } from './acquire/token-request.ts'
export type { ClientAuthentication, TokenRequestDraft } from './acquire/token-request-draft.ts'
export { readStandardTokenResponse, type TokenAnswer, type TokenFields } from './acquire/token-response.ts'
// Acquire: for providers whose URLs hold a tenant
export { hostLabel, hostName, pathSegment } from './acquire/url-parts.ts'
// Cache: where tokens are kept
export { memoryStore } from './cache/memory-store.ts'
export type { StoredToken, StoreLock, TokenStore } from './cache/token-store.ts'
// A client
export { type Client, createClient } from './client.ts'
export type { ClientOptions, TokenOptions, ViewOptions } from './client-options.ts'
export { type ClientPool, type ClientPoolOptions, createClientPool } from './client-pool.ts'
// What can be seen from outside: the messages of the tracing channels
export type { DiscoveryTrace, GrantTrace, StoreOperation, StoreTrace } from './diagnostics.ts'
export { type ErrorCode, NightlatchError, type NightlatchErrorDetails } from './errors.ts'
// What happened, and what went wrong
export type {
  ApiDiscoveredEvent,
  ClientEvent,
  DiscoveryFailedEvent,
  GrantFailedEvent,
  GrantRetriedEvent,
  OriginRefusedEvent,
  RequestRepeatedEvent,
  StoreFailedEvent,
  StoreRecoveredEvent,
  TokenGrantedEvent,
  TokenServedEvent,
} from './events.ts'
// Fetch: requests with the token on
export type { ApiResponse, Authorization, Authorize, AuthorizeOptions } from './fetch/authorization.ts'
export type { RepeatOptions } from './fetch/request-token.ts'
export type { Fetch } from './platform/fetch.ts'
// For packages with options of their own
export { findNearestName } from './platform/nearest-name.ts'
export { findUnknownOptions } from './platform/validation.ts'
