import { hostName, type Provider, pathSegment } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `okta`. */
export interface OktaOptions {
  /** Domain of the org, such as acme.okta.com. */
  readonly domain: string
  /** Custom scopes, at least one. */
  readonly scopes: readonly string[]
  /** Base URL of the API. */
  readonly api: string | URL
  /** Id of the custom authorization server; default default. */
  readonly authorizationServer?: string
}

/** The options of `okta` as data. */
export const optionDescriptions: OptionDescriptions<OktaOptions> = {
  domain: { type: 'string', required: true, description: 'domain of the org, such as acme.okta.com' },
  scopes: { type: 'strings', required: true, description: 'custom scopes, at least one' },
  api: { type: 'url', required: true, description: 'base URL of the API' },
  authorizationServer: {
    type: 'string',
    required: false,
    description: 'id of the custom authorization server; default default',
  },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developer.okta.com/docs/guides/implement-grant-type/clientcreds/main/',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * An API behind a custom authorization server of Okta.
 *
 * @param options `domain`, `scopes`, `api`, `authorizationServer`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @example
 * ```ts
 * const provider = okta({ domain: 'acme.okta.com', scopes: ['orders.read'], api: 'https://api.acme.example' })
 * const client = createClient(provider, { credentials })
 * ```
 * @see {@link https://developer.okta.com/docs/guides/implement-grant-type/clientcreds/main/ Okta, Implement the Client Credentials flow}
 */
export function okta(options: OktaOptions): Provider {
  const { domain, scopes, api, authorizationServer = 'default' } = checkOptions('okta', options, optionDescriptions)
  const server = pathSegment(authorizationServer, 'authorizationServer')
  return {
    name: 'okta',
    tokenEndpoint: `https://${hostName(domain, 'domain')}/oauth2/${server}/v1/token`,
    scopes,
    api,
  }
}
