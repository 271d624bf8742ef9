/** What RFC 6749 says of token requests, and authorization servers agree on. */
import type { Answer } from './faults.ts'
import { isForm, type RecordedRequest } from './recorded-request.ts'

/** RFC 6749 section 5.1. */
export const uncached: Readonly<Record<string, string>> = { 'cache-control': 'no-store', pragma: 'no-cache' }

/** RFC 6749 section 5.2. */
export function oauthError(status: number, error: string, description: string): Answer {
  return { status, headers: uncached, body: { error, error_description: description } }
}

/** A request that RFC 6749 sections 2.3, 3.2 and 4.4.2 do not allow. */
export function refuseMalformed(request: RecordedRequest): Answer | undefined {
  if (!isForm(request.headers)) {
    return oauthError(400, 'invalid_request', 'the body must be application/x-www-form-urlencoded')
  }
  const names = [...request.form.keys()]
  // RFC 8707 section 2 and RFC 8693 section 2.1 let these be repeated.
  const repeated = names.find((name, at) => names.indexOf(name) < at && name !== 'resource' && name !== 'audience')
  if (repeated !== undefined) return oauthError(400, 'invalid_request', `"${repeated}" is repeated`)
  if (request.headers.has('authorization') && request.form.has('client_secret')) {
    return oauthError(400, 'invalid_request', 'more than one way of client authentication')
  }
  return undefined
}
