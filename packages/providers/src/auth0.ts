import { clientSecretPost, hostName, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `auth0`. */
export interface Auth0Options {
  /** Domain of the tenant, such as acme.eu.auth0.com. */
  readonly domain: string
  /** Identifier of the API; default the management API. */
  readonly audience?: string
  /** Base URL of the API; default the management API. */
  readonly api?: string | URL
}

/** The options of `auth0` as data. */
export const optionDescriptions: OptionDescriptions<Auth0Options> = {
  domain: { type: 'string', required: true, description: 'domain of the tenant, such as acme.eu.auth0.com' },
  audience: { type: 'string', required: false, description: 'identifier of the API; default the management API' },
  api: { type: 'url', required: false, description: 'base URL of the API; default the management API' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://auth0.com/docs/api/authentication/client-credential-flow/get-token',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * An Auth0 tenant: its management API, or an API of your own.
 *
 * @param options `domain`, `audience`, `api`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @example
 * ```ts
 * const provider = auth0({ domain: 'acme.eu.auth0.com', audience: 'https://api.acme.example', api: 'https://api.acme.example' })
 * const client = createClient(provider, { credentials })
 * ```
 * @see {@link https://auth0.com/docs/api/authentication/client-credential-flow/get-token Auth0, Client Credential Flow}
 */
export function auth0(options: Auth0Options): Provider {
  const given = checkOptions('auth0', options, optionDescriptions)
  const domain = hostName(given.domain, 'domain')
  const { audience = `https://${domain}/api/v2/`, api = `https://${domain}/api/v2` } = given
  return {
    name: 'auth0',
    tokenEndpoint: `https://${domain}/oauth/token`,
    clientAuthentication: clientSecretPost(),
    parameters: { audience },
    api,
  }
}
