import { clientSecretPost, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `ovhcloud`. */
export interface OvhcloudOptions {
  /** Where the account is; default eu. */
  readonly region?: 'eu' | 'ca'
}

/** The options of `ovhcloud` as data. */
export const optionDescriptions: OptionDescriptions<OvhcloudOptions> = {
  region: { type: 'string', required: false, choices: ['eu', 'ca'], description: 'where the account is; default eu' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://help.ovhcloud.com/csm/en-gb-authenticate-api-with-service-account',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * The OVHcloud API, with a service account.
 *
 * @param options `region`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://help.ovhcloud.com/csm/en-gb-authenticate-api-with-service-account OVHcloud, service accounts}
 */
export function ovhcloud(options: OvhcloudOptions = {}): Provider {
  const { region = 'eu' } = checkOptions('ovhcloud', options, optionDescriptions)
  return {
    name: 'ovhcloud',
    tokenEndpoint: `https://www.ovh.${region === 'ca' ? 'ca' : 'com'}/auth/oauth2/token`,
    clientAuthentication: clientSecretPost(),
    scopes: ['all'],
    api: `https://${region}.api.ovh.com`,
  }
}
