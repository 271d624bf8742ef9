import type { Provider } from './acquire/provider.ts'
import type { Client } from './client.ts'
import { type ClientOptions, checkClient } from './client-options.ts'
import { createSharedParts } from './client-parts.ts'
import { ProviderClient } from './provider-client.ts'

/**
 * Creates a client of a provider. The client sends nothing before its first call.
 *
 * @param provider the result of a provider package's function, or a {@link Provider} of your own
 * @param options the credentials, and any options that differ from their defaults
 * @throws NightlatchError `invalid_options`; the message names every wrong option by its path
 * @example
 * ```ts
 * const client = createClient(
 *   { name: 'acme', tokenEndpoint: 'https://login.acme.example/token', api: 'https://api.acme.example/v2' },
 *   { credentials: { clientId: 'robot', clientSecret: process.env.ACME_SECRET } },
 * )
 * const response = await client.fetch('https://api.acme.example/v2/orders')
 * ```
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-4.4 RFC 6749 section 4.4}
 */
export function createClient<Info>(provider: Provider<Info>, options: ClientOptions): Client<Info> {
  checkClient(provider, options)
  const parts = createSharedParts(provider, options)
  const { label } = options
  return new ProviderClient(parts, parts.createReader(options.credentials, { label }))
}
