import { clientSecretBasic, hostLabel, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `sapXsuaa`. */
export interface SapXsuaaOptions {
  /** Subdomain of the subaccount. */
  readonly subdomain: string
  /** Region of the subaccount, such as eu10. */
  readonly region: string
  /** Base URL of the service, from its service key. */
  readonly api: string | URL
}

/** The options of `sapXsuaa` as data. */
export const optionDescriptions: OptionDescriptions<SapXsuaaOptions> = {
  subdomain: { type: 'string', required: true, description: 'subdomain of the subaccount' },
  region: { type: 'string', required: true, description: 'region of the subaccount, such as eu10' },
  api: { type: 'url', required: true, description: 'base URL of the service, from its service key' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://help.sap.com/docs/btp/sap-business-technology-platform/getting-application-access-token',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * SAP Business Technology Platform, with the XSUAA of a subaccount.
 *
 * @param options `subdomain`, `region`, `api`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://help.sap.com/docs/btp/sap-business-technology-platform/getting-application-access-token SAP BTP, Getting an Application Access Token}
 */
export function sapXsuaa(options: SapXsuaaOptions): Provider {
  const given = checkOptions('sap-xsuaa', options, optionDescriptions)
  const subdomain = hostLabel(given.subdomain, 'subdomain')
  const region = hostLabel(given.region, 'region')
  const basic = clientSecretBasic({ encoding: 'raw' })
  return {
    name: 'sap-xsuaa',
    tokenEndpoint: `https://${subdomain}.authentication.${region}.hana.ondemand.com/oauth/token`,
    clientAuthentication: {
      name: 'sap-xsuaa',
      requires: 'clientSecret',
      async authenticate(request, credentials) {
        await basic.authenticate(request, credentials)
        request.parameters.set('client_id', credentials.clientId)
      },
    },
    api: given.api,
  }
}
