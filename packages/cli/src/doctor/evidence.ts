import type { Grant } from './grant.ts'

/** Results of steps that later steps need. */
export interface Evidence {
  /** The host has no address in DNS. */
  hasNoAddress?: true
  /** A step has already reported why the address cannot be reached. */
  isUnreachable?: true
  /** The successful grant: the first, or one of the probe. */
  granted?: Grant
  /** The lifetime in the token response, in seconds. */
  namedLifetime?: number
  claims?: Claims
  /** The API's address and the discovered info, once known. */
  api?: { readonly baseUrl: URL; readonly info: unknown }
  /** The HTTP status of the discovery response, if there was one. */
  discoveryStatus?: number | undefined
  call?: ApiCall
}

/** The response to the API call. */
export interface ApiCall {
  readonly url: URL
  readonly status: number
  readonly body: unknown
  readonly isWebPage: boolean
}

/** Claims of a token, by name. */
export type Claims = Readonly<Record<string, string | number | readonly string[]>>
