import type { Grant } from './grant.ts'

/** What steps leave for those after them. */
export interface Evidence {
  /** The host of the address is not known to the name server. */
  hasNoAddress?: true
  /** A step has found, and said, why there is no connection to the address. */
  isUnreachable?: true
  /** The grant that gave a token: the first, or one of a probe. */
  granted?: Grant
  /** Seconds: the lifetime that the answer names. */
  namedLifetime?: number
  claims?: Claims
  /** What discovery told; there is one as soon as the API's address is known. */
  api?: { readonly baseUrl: URL; readonly info: unknown }
  /** Why discovery failed: HTTP status, where there was one. */
  discoveryStatus?: number | undefined
  call?: ApiCall
}

/** The answer of the one API call. */
export interface ApiCall {
  readonly url: URL
  readonly status: number
  readonly body: unknown
  readonly isWebPage: boolean
}

/** What could be read of a token, by claim: text, whole numbers, and lists of text. */
export type Claims = Readonly<Record<string, string | number | readonly string[]>>
