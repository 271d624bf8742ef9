import type { Fetch } from '../platform/fetch.ts'

/** The client's `fetch` and clocks. */
export interface Transport {
  readonly fetch: Fetch
  readonly allowInsecureRequests: boolean
  /** Milliseconds since the epoch, by the wall clock. */
  readonly now: () => number
  /** Milliseconds by the steady clock, which measures durations; instants come from the wall clock. */
  readonly time: () => number
}

/** The token endpoint of a provider. */
export interface TokenEndpoint {
  readonly url: URL
  /** The authorization server's issuer identifier; `undefined` if it is unknown. */
  readonly issuer: URL | undefined
  /** The issuer identifier exactly as it is written. */
  readonly issuerIdentifier?: string | undefined
  /** The client authentications that the issuer's metadata names; absent if no metadata was read. */
  readonly authenticationMethods?: readonly string[]
  /** The revocation endpoint that the issuer's metadata names, not checked yet; absent if it names none. */
  readonly revocationEndpoint?: string
}

/** Finds a provider's token endpoint. */
export interface EndpointFinder {
  /** @param signal ends this caller's wait */
  find(signal: AbortSignal): Promise<TokenEndpoint>
  /** Reads the metadata again with the next call. */
  forget(): void
  /** Stops background work. */
  close(): void
}
