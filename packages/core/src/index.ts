// biome-ignore-all assist/source/organizeImports: the order is a table of contents, and each heading stands over its names.
// A rule in a comment or in a test's name, such as "rule L3", is a promised behaviour: see docs/rules.md.

// Clients
export type { Client } from './client.ts'
export { createClient } from './provider-client.ts'
export type { ClientOptions, TokenOptions, ViewOptions } from './client-options.ts'
export { type ClientPool, type ClientPoolOptions, createClientPool } from './client-pool.ts'
export type { AccessToken } from './acquire/access-token.ts'
export type { TokenStatus } from './cache/token-status.ts'
export type { ApiResponse, Authorization, Authorize, AuthorizeOptions } from './fetch/authorization.ts'
export type { RepeatOptions } from './fetch/repeats.ts'
export type { Fetch } from './platform/fetch.ts'

// Describing a provider
export type {
  DiscoveredApi,
  DiscoveryContext,
  Failure,
  IssuerMetadataTerms,
  Provider,
  TokenRejection,
  TokenRequestFormat,
} from './acquire/provider.ts'
export type { TokenParameters } from './acquire/token-request.ts'
export { hostLabel, hostName, pathSegment } from './acquire/url-parts.ts'
export { findNearestName } from './platform/nearest-name.ts'
export { findUnknownOptions } from './platform/unknown-options.ts'
export { readBodyText } from './platform/answer-body.ts'
export {
  explainNetworkFailure,
  type NetworkFailure,
  type NetworkFailureWords,
  readNetworkFailure,
} from './platform/network-failure.ts'
export { findNamedUrlMistake, isLoopback } from './platform/url-mistakes.ts'

// Credentials and client authentication
export type { Credentials } from './acquire/credentials.ts'
export { importPrivateKey } from './acquire/private-key.ts'
export {
  clientSecretBasic,
  clientSecretJwt,
  clientSecretPost,
  type JwtAuthenticationOptions,
  none,
  privateKeyJwt,
  tlsClientAuth,
} from './acquire/client-authentication.ts'
export type { ClientAuthentication, TokenRequestDraft } from './acquire/authentication-method.ts'
export { type ClientAssertionOptions, clientAssertion, jwtBearerGrant } from './acquire/assertion-authentication.ts'
export type { AssertionSource } from './acquire/assertion-source.ts'
export { clientSecretOf } from './acquire/client-secret.ts'

// Reading token responses
export { readStandardTokenResponse, type TokenAnswer, type TokenFields } from './acquire/token-response.ts'
export {
  dateFromEpochMilliseconds,
  dateFromEpochSeconds,
  dateFromHttpDate,
  dateFromIso,
  readPath,
  secondsFromMilliseconds,
} from './acquire/field-conversions.ts'

// Stores
export { memoryStore } from './cache/memory-store.ts'
export type { StoredToken, StoreLock, TokenStore } from './cache/token-store.ts'
export { areEqualTokens } from './cache/equal-tokens.ts'

// Errors
export { type ErrorCode, NightlatchError, type NightlatchErrorDetails } from './errors.ts'

// Events, and the messages of the tracing channels
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
export type { DiscoveryTrace, GrantTrace, StoreOperation, StoreTrace } from './diagnostics.ts'
