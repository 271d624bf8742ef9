/** What a vendor's pages say about its token endpoint; the tests serve it, and the table in the documentation is written from it. */
import type { Provider } from '@nightlatch/core'
import type { StandardEmulationOptions } from '@nightlatch/testing'

/** A documented request. Other headers are allowed, except `authorization`. */
export interface DocumentedRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** A form as it is sent, or JSON. */
  readonly body?: string | object
}

/** A documented response; default status 200. */
export interface DocumentedAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/** What the vendor's pages say, and the provider that describes it. */
export interface DocumentedEndpoint {
  /** How the client authenticates, in a few words. */
  readonly authentication: string
  /** What differs from RFC 6749 or surprises, in a few sentences. */
  readonly odd: string
  readonly provider: Provider
  readonly request: DocumentedRequest
  readonly answer: DocumentedAnswer
  /** The token in the response; `lifetime` in seconds, `undefined` if unknown. */
  readonly token: { readonly value: string; readonly lifetime: number | undefined; readonly scopes?: readonly string[] }
  /** A request to the API; left out if the API takes the token in no header. */
  readonly api?: { readonly url: string; readonly headers: Readonly<Record<string, string>> }
  /** A documented error response, and how the client reports it. */
  readonly refusal?: DocumentedAnswer & { readonly error: string; readonly errorDescription?: string }
  /** What the emulation requires besides what `request` says. */
  readonly emulation?: StandardEmulationOptions
  /** The vendor's pages besides `facts.page`. */
  readonly otherPages?: readonly string[]
}

// The credentials of all tests are those in the example of RFC 6749 section 2.3.1.
export const clientId = 's6BhdRkqt3'
export const clientSecret = '7Fjfp0ZBr1KtDRbnfVdmIw'
export const basic = 'Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3'
export const form = 'application/x-www-form-urlencoded'
export const grant = 'grant_type=client_credentials'
export const posted: string = `client_id=${clientId}&client_secret=${clientSecret}`

export function bearer(value: string): { authorization: string } {
  return { authorization: `Bearer ${value}` }
}
