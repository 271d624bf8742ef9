/** Rules of RFC 6749 for token requests that all emulated authorization servers share. */
import type { Answer } from './faults.ts'
import { isForm, type RecordedRequest } from './recorded-request.ts'

/** Headers of a token response (RFC 6749 section 5.1). */
export const noStoreHeaders: Readonly<Record<string, string>> = { 'cache-control': 'no-store', pragma: 'no-cache' }

/** An error response (RFC 6749 section 5.2). */
export function oauthError(status: number, error: string, description: string): Answer {
  return { status, headers: noStoreHeaders, body: { error, error_description: description } }
}

/** Returns the error response to a request that violates RFC 6749 sections 2.3, 3.2 or 4.4.2. */
export function refuseMalformed(request: RecordedRequest): Answer | undefined {
  if (!isForm(request.headers)) {
    return oauthError(400, 'invalid_request', 'the body must be application/x-www-form-urlencoded')
  }
  const names = [...request.form.keys()]
  // RFC 8707 section 2 and RFC 8693 section 2.1 allow these to be repeated.
  const repeated = names.find((name, at) => names.indexOf(name) < at && name !== 'resource' && name !== 'audience')
  if (repeated !== undefined) return oauthError(400, 'invalid_request', `"${repeated}" is repeated`)
  if (request.headers.has('authorization') && request.form.has('client_secret')) {
    return oauthError(400, 'invalid_request', 'more than one way of client authentication')
  }
  return undefined
}
