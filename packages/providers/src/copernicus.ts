import { clientSecretPost, type Provider } from '@nightlatch/core'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** The options of `copernicus` as data. */
export const optionDescriptions: OptionDescriptions<Record<string, never>> = {}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://documentation.dataspace.copernicus.eu/APIs/SentinelHub/Overview/Authentication.html',
  checked: '2026-11-30',
  answer: 'not documented',
}

/**
 * The Sentinel Hub API of the Copernicus Data Space Ecosystem.
 *
 * @returns a provider to pass to `createClient`
 * @see {@link https://documentation.dataspace.copernicus.eu/APIs/SentinelHub/Overview/Authentication.html Copernicus Data Space Ecosystem, Authentication}
 */
export function copernicus(): Provider {
  return {
    name: 'copernicus',
    tokenEndpoint: 'https://identity.dataspace.copernicus.eu/auth/realms/CDSE/protocol/openid-connect/token',
    clientAuthentication: clientSecretPost(),
    api: 'https://sh.dataspace.copernicus.eu',
  }
}
