import { clientSecretBasic, hostName, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `genesysCloud`. */
export interface GenesysCloudOptions {
  /** Domain of the region, such as mypurecloud.com. */
  readonly domain: string
}

/** The options of `genesysCloud` as data. */
export const optionDescriptions: OptionDescriptions<GenesysCloudOptions> = {
  domain: { type: 'string', required: true, description: 'domain of the region, such as mypurecloud.com' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developer.genesys.cloud/api/tutorials/oauth-client-credentials',
  checked: '2026-11-30',
  answer: 'shape only',
}

/**
 * The Platform API of Genesys Cloud, without a user.
 *
 * @param options `domain`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://developer.genesys.cloud/api/tutorials/oauth-client-credentials Genesys Cloud, OAuth Client Credentials Login Flow}
 */
export function genesysCloud(options: GenesysCloudOptions): Provider {
  const given = checkOptions('genesys-cloud', options, optionDescriptions)
  const domain = hostName(given.domain, 'domain')
  return {
    name: 'genesys-cloud',
    tokenEndpoint: `https://login.${domain}/oauth/token`,
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    api: `https://api.${domain}`,
  }
}
