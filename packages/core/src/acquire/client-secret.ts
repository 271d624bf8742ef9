import { NightlatchError } from '../errors.ts'
import type { Credentials } from './credentials.ts'

/**
 * The client secret, for client authentications of a provider's own.
 *
 * @throws NightlatchError `invalid_options` where the credentials have none
 */
export function clientSecretOf(credentials: Credentials): string {
  if ('clientSecret' in credentials) return credentials.clientSecret
  throw new NightlatchError(
    'invalid_options',
    'options.credentials.clientSecret is missing: the provider authenticates its client with a secret',
  )
}
