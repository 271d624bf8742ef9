import { clientSecretPost, hostLabel, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `sailpoint`. */
export interface SailpointOptions {
  /** Name of the tenant, which is before .api.identitynow.com. */
  readonly tenant: string
}

/** The options of `sailpoint` as data. */
export const optionDescriptions: OptionDescriptions<SailpointOptions> = {
  tenant: { type: 'string', required: true, description: 'name of the tenant, which is before .api.identitynow.com' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developer.sailpoint.com/docs/api/authentication',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * SailPoint Identity Security Cloud, with a personal access token or an API client.
 *
 * @param options `tenant`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://developer.sailpoint.com/docs/api/authentication SailPoint, Authentication}
 */
export function sailpoint(options: SailpointOptions): Provider {
  const { tenant } = checkOptions('sailpoint', options, optionDescriptions)
  const origin = `https://${hostLabel(tenant, 'tenant')}.api.identitynow.com`
  return {
    name: 'sailpoint',
    tokenEndpoint: `${origin}/oauth/token`,
    clientAuthentication: clientSecretPost(),
    api: origin,
  }
}
