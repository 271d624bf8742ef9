import type { ClientOptions, Provider } from '@nightlatch/core'
import type { Emulation } from '../emulation.ts'
import type { EmulatedCredentials } from '../registered-client.ts'
import type { Emulator } from '../start-emulator.ts'

/** Members that an emulator must have to test a provider. */
export interface ProviderOffers {
  /** Valid credentials of the token endpoint. */
  readonly credentials: EmulatedCredentials
}

/** A token response from the vendor's documents. */
export interface DocumentedGrant {
  /** Part of the test's name, for example 'the sample of the page on tokens'. */
  readonly what: string
  /** Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** A string is sent unchanged, anything else as JSON. */
  readonly body: unknown
  /** The token in the response. */
  readonly accessToken: string
  /** The lifetime in the response, in seconds; `undefined` if there is none. */
  readonly expiresIn: number | undefined
  /** The scopes in the response; default: not compared. */
  readonly scopes?: readonly string[]
  /** When the response was sent, if it contains an instant; default now. */
  readonly givenAt?: Date
}

/** An error response of the token endpoint from the vendor's documents. */
export interface DocumentedRefusal {
  /** Part of the test's name, for example 'a wrong secret'. */
  readonly what: string
  /** Status of the response; some vendors report errors with 200. */
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** A string is sent unchanged, anything else as JSON. */
  readonly body?: unknown
  /**
   * Expected error code. Default `'grant_refused'`; use `'endpoint_unavailable'` for an outage, `'response_unreadable'` for
   * a response with neither token nor error.
   */
  readonly code?: 'grant_refused' | 'endpoint_unavailable' | 'response_unreadable'
  /** The error code in the response, as a string; `undefined` if there is none. */
  readonly error: string | undefined
  /** The error description in the response; default: not compared. */
  readonly errorDescription?: string
  /** Whether the same request may succeed later; default true for `'endpoint_unavailable'`, otherwise false. */
  readonly retryable?: boolean
}

/**
 * A token request from the vendor's documents. `{clientId}` and `{clientSecret}` are placeholders for the credentials; after a
 * scheme, as in `Basic {clientId}:{clientSecret}`, for their Base64, form-encoded or not.
 */
export interface DocumentedRequest {
  /** Default `'POST'`. */
  readonly method?: 'POST' | 'GET'
  /** Without parameters; default `application/x-www-form-urlencoded`, `null` for none. */
  readonly contentType?: string | null
  /** Required headers; others are allowed. */
  readonly headers?: Readonly<Record<string, string>>
  /** All parameters of the form, members of the JSON body or, without a body, parameters of the query. */
  readonly parameters: Readonly<Record<string, unknown>>
}

/** A provider to test, its emulation, and examples from the vendor's documents. */
export interface ProviderSuite<Offers extends ProviderOffers, Info = unknown> {
  /** The test runner's `describe`; default: the global one. */
  readonly describe?: (name: string, body: () => void) => unknown
  /** The test runner's `it` or `test`; default: the global `it`. */
  readonly it?: (name: string, body: () => Promise<void>) => unknown
  /** Creates the emulation to test against; called for each check. */
  readonly emulation: () => Emulation<Offers>
  /** Creates the provider with the emulator's addresses. */
  readonly provider: (emulator: Emulator & Offers) => Provider<Info>
  /** Credentials of the client; default: the emulator's `credentials`. */
  readonly credentials?: (emulator: Emulator & Offers) => ClientOptions['credentials']
  /** Whether the client sends its secret; default true. Use `false` for signatures, certificates and no authentication. */
  readonly sendsSecret?: boolean
  /** The documented token request; default: not compared. */
  readonly request?: DocumentedRequest
  /** The documented token responses. */
  readonly grants?: readonly DocumentedGrant[]
  /** The documented error responses. */
  readonly refusals?: readonly DocumentedRefusal[]
  /**
   * What the provider discovers: `'api'` by its `api` function, `'issuer'` for the token endpoint by its issuer's metadata;
   * default nothing.
   */
  readonly discovers?: 'api' | 'issuer'
  /**
   * A URL that responds with a 2xx to a GET with a token; default: the base URL of the API. `null` skips the checks of the API,
   * for a provider without one.
   */
  readonly apiUrl?: ((emulator: Emulator & Offers) => string | URL) | null
}
