import { clientSecretPost, hostName, NightlatchError, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `concur`. */
export interface ConcurOptions {
  /** Host of the data center, such as us.api.concursolutions.com. */
  readonly host: string
}

/** The options of `concur` as data. */
export const optionDescriptions: OptionDescriptions<ConcurOptions> = {
  host: { type: 'string', required: true, description: 'host of the data center, such as us.api.concursolutions.com' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developer.concur.com/api-reference/authentication/apidoc.html',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * SAP Concur. The token response names the base URL of the API.
 *
 * @param options `host`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://developer.concur.com/api-reference/authentication/apidoc.html SAP Concur, Authentication}
 */
export function concur(options: ConcurOptions): Provider {
  const { host } = checkOptions('concur', options, optionDescriptions)
  return {
    name: 'concur',
    tokenEndpoint: `https://${hostName(host, 'host')}/oauth2/v0/token`,
    clientAuthentication: clientSecretPost(),
    apiOrigins: ['https://*.api.concursolutions.com'],
    api: async ({ token }) => {
      const { geolocation } = token.extra
      if (typeof geolocation !== 'string') {
        throw new NightlatchError('discovery_failed', 'concur: the token response has no geolocation', {
          provider: 'concur',
        })
      }
      return { baseUrl: geolocation, info: undefined }
    },
  }
}
