import type { NightlatchError } from '../errors.ts'

/**
 * OAuth errors that reject the client itself, or its assertion. Newer credentials may be accepted after any of them (rule L8).
 * Those with `true` fail every grant of the client; the others may be about one scope or audience.
 */
const failsEveryGrant: ReadonlyMap<string | undefined, boolean> = new Map([
  ['invalid_client', true],
  ['unauthorized_client', false],
  ['access_denied', false],
  ['invalid_grant', false],
])

/** Whether the authorization server may accept other credentials. */
export function isCredentialRejected(failure: NightlatchError): boolean {
  return isUnauthorized(failure) || (failure.code === 'grant_refused' && failsEveryGrant.has(failure.error))
}

/** Whether the authorization server rejects the client, whatever token it requests. */
export function isClientRejected(failure: NightlatchError): boolean {
  return isUnauthorized(failure) || (failure.code === 'grant_refused' && failsEveryGrant.get(failure.error) === true)
}

/** A 401 rejects the client, whatever its error code. */
function isUnauthorized({ code, status }: NightlatchError): boolean {
  return code === 'grant_refused' && status === 401
}
