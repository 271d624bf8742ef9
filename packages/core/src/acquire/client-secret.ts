import { NightlatchError } from '../errors.ts'
import type { Credentials } from './credentials.ts'

/**
 * Reads the client secret, for a provider's own client authentication.
 *
 * @throws NightlatchError `invalid_options` if the credentials have none
 * @example
 * ```ts
 * const clientAuthentication: ClientAuthentication = {
 *   name: 'acme_header',
 *   authenticate: ({ headers }, credentials) => headers.set('x-acme-secret', clientSecretOf(credentials)),
 * }
 * ```
 */
export function clientSecretOf(credentials: Credentials): string {
  if ('clientSecret' in credentials) return credentials.clientSecret
  throw new NightlatchError(
    'invalid_options',
    "options.credentials.clientSecret is missing, but the provider's clientAuthentication requires it",
  )
}
