import { hostName, type Provider, pathSegment } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `keycloak`. */
export interface KeycloakOptions {
  /** Host of Keycloak. */
  readonly host: string
  /** Name of the realm. */
  readonly realm: string
  /** Base URL of the API. */
  readonly api: string | URL
}

/** The options of `keycloak` as data. */
export const optionDescriptions: OptionDescriptions<KeycloakOptions> = {
  host: { type: 'string', required: true, description: 'host of Keycloak' },
  realm: { type: 'string', required: true, description: 'name of the realm' },
  api: { type: 'url', required: true, description: 'base URL of the API' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://www.keycloak.org/docs/latest/server_admin/#_service_accounts',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * An API behind Keycloak, with the service account of a client.
 *
 * @param options `host`, `realm`, `api`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @example
 * ```ts
 * const provider = keycloak({ host: 'sso.acme.example', realm: 'acme', api: 'https://api.acme.example' })
 * const client = createClient(provider, { credentials })
 * ```
 * @see {@link https://www.keycloak.org/docs/latest/server_admin/#_service_accounts Keycloak, Using a service account}
 */
export function keycloak(options: KeycloakOptions): Provider {
  const given = checkOptions('keycloak', options, optionDescriptions)
  const host = hostName(given.host, 'host')
  const realm = pathSegment(given.realm, 'realm')
  return {
    name: 'keycloak',
    // Before version 17 the path began with /auth.
    tokenEndpoint: `https://${host}/realms/${realm}/protocol/openid-connect/token`,
    api: given.api,
  }
}
