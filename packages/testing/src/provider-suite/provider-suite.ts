import type { ClientOptions, Provider } from '@nightlatch/core'
import type { Emulation } from '../emulation.ts'
import type { EmulatedCredentials } from '../registered-client.ts'
import type { Emulator } from '../start-emulator.ts'

/** What every emulator that a provider is tested against has. */
export interface ProviderOffers {
  /** What the token endpoint accepts. */
  readonly credentials: EmulatedCredentials
}

/** A token answer of the vendor's documents. */
export interface DocumentedGrant {
  /** In the test's name: 'the sample of the page on tokens'. */
  readonly what: string
  /** Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** A string as it is, anything else as JSON. */
  readonly body: unknown
  /** The token within it. */
  readonly accessToken: string
  /** The lifetime that it states, in seconds; `undefined`: it states none. */
  readonly expiresIn: number | undefined
  /** The scopes that it names; left out, they are not looked at. */
  readonly scopes?: readonly string[]
  /** When it was given, for an answer that states an instant; default now. */
  readonly givenAt?: Date
}

/** A refusal of the vendor's documents. */
export interface DocumentedRefusal {
  /** In the test's name: 'a wrong secret'. */
  readonly what: string
  /** Of the answer; there are vendors that refuse with a 200. */
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** A string as it is, anything else as JSON. */
  readonly body?: unknown
  /** Default `'grant_refused'`; an outage is `'endpoint_unavailable'`, an answer with neither token nor error `'response_unreadable'`. */
  readonly code?: 'grant_refused' | 'endpoint_unavailable' | 'response_unreadable'
  /** The error's code within the answer, as text; `undefined`: it has none. */
  readonly error: string | undefined
  /** The error's description within it; left out, it is not looked at. */
  readonly errorDescription?: string
  /** Whether the same request may succeed later; default: where `code` is `'endpoint_unavailable'`. */
  readonly retryable?: boolean
}

/**
 * A token request as the vendor's documents show it. In each text `{clientId}` and `{clientSecret}` stand for the credentials,
 * and after a scheme, as in `Basic {clientId}:{clientSecret}`, for their Base64, form-encoded first or not.
 */
export interface DocumentedRequest {
  /** Default `'POST'`. */
  readonly method?: 'POST' | 'GET'
  /** Without its parameters; default `application/x-www-form-urlencoded`, `null` for none. */
  readonly contentType?: string | null
  /** Headers that must be there; others may be. */
  readonly headers?: Readonly<Record<string, string>>
  /** Everything in the body, or in the query where there is no body: the form's parameters or the members of the JSON. */
  readonly parameters: Readonly<Record<string, unknown>>
}

/** A provider, and what its vendor's documents say that nobody can know from the provider alone. */
export interface ProviderSuite<Offers extends ProviderOffers, Info = unknown> {
  /** The test runner's `describe`; default: the global one. */
  readonly describe?: (name: string, body: () => void) => unknown
  /** The test runner's `it` or `test`; default: the global `it`. */
  readonly it?: (name: string, body: () => Promise<void>) => unknown
  /** The emulation to test against, made anew for each test. */
  readonly emulation: () => Emulation<Offers>
  /** The provider, pointed at the emulator. */
  readonly provider: (emulator: Emulator & Offers) => Provider<Info>
  /** Who the client is; default: the emulator's `credentials`. */
  readonly credentials?: (emulator: Emulator & Offers) => ClientOptions['credentials']
  /** Whether the client's secret itself is sent; default true. `false` for signatures, certificates and no authentication. */
  readonly sendsSecret?: boolean
  /** What the vendor's page shows of the token request. */
  readonly request?: DocumentedRequest
  /** The token answers that the vendor's page shows. */
  readonly grants?: readonly DocumentedGrant[]
  /** The refusals that the vendor's page shows. */
  readonly refusals?: readonly DocumentedRefusal[]
  /** What the provider has to ask for first: where its `api` is, by a function, or its token endpoint, by its `issuer`; default nothing. */
  readonly discovers?: 'api' | 'issuer'
  /**
   * A URL that the emulator answers with a 2xx to a GET with a token; default: the base URL of the API. `null`: there is no API
   * to call, and what is about calls is left out.
   */
  readonly apiUrl?: ((emulator: Emulator & Offers) => string | URL) | null
}
