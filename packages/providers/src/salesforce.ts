import { clientSecretPost, hostLabel, NightlatchError, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `salesforce`. */
export interface SalesforceOptions {
  /** My Domain name, which is before .my.salesforce.com. */
  readonly myDomain: string
}

/** The options of `salesforce` as data. */
export const optionDescriptions: OptionDescriptions<SalesforceOptions> = {
  myDomain: { type: 'string', required: true, description: 'My Domain name, which is before .my.salesforce.com' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developer.salesforce.com/docs/atlas.en-us.262.0.chatterapi.meta/chatterapi/quickstart_connecting.htm',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * Salesforce. The token response names the base URL of the API, and no lifetime.
 *
 * @param options `myDomain`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://developer.salesforce.com/docs/atlas.en-us.262.0.chatterapi.meta/chatterapi/quickstart_connecting.htm Salesforce, Connect using OAuth}
 */
export function salesforce(options: SalesforceOptions): Provider {
  const { myDomain } = checkOptions('salesforce', options, optionDescriptions)
  return {
    name: 'salesforce',
    tokenEndpoint: `https://${hostLabel(myDomain, 'myDomain')}.my.salesforce.com/services/oauth2/token`,
    clientAuthentication: clientSecretPost(),
    apiOrigins: ['https://*.my.salesforce.com'],
    api: async ({ token }) => {
      const { instance_url } = token.extra
      if (typeof instance_url !== 'string') {
        throw new NightlatchError('discovery_failed', 'salesforce: the token response has no instance_url', {
          provider: 'salesforce',
        })
      }
      return { baseUrl: `${instance_url}/services/data`, info: undefined }
    },
  }
}
