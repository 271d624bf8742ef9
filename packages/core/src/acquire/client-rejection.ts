import type { NightlatchError } from '../errors.ts'

/** Whether the authorization server may accept other credentials. */
export function isCredentialRejected(failure: NightlatchError): boolean {
  return (
    isUnauthorized(failure) ||
    (failure.code === 'grant_refused' && (everyGrantErrors.has(failure.error) || someGrantErrors.has(failure.error)))
  )
}

/** Whether the authorization server rejects the client, whatever token it requests. */
export function isClientRejected(failure: NightlatchError): boolean {
  return isUnauthorized(failure) || (failure.code === 'grant_refused' && everyGrantErrors.has(failure.error))
}

/** A 401 rejects the client, whatever its error code. */
function isUnauthorized({ code, status }: NightlatchError): boolean {
  return code === 'grant_refused' && status === 401
}

/** OAuth errors that reject the client itself, so that every grant of it fails. */
const everyGrantErrors: ReadonlySet<string | undefined> = new Set(['invalid_client'])

/** OAuth errors that may be about the credentials, or about one scope or audience. Newer credentials may be accepted (rule L8). */
const someGrantErrors: ReadonlySet<string | undefined> = new Set([
  'unauthorized_client',
  'access_denied',
  'invalid_grant',
])
