import { clientSecretBasic, hostLabel, type Provider } from '@nightlatch/core'

/**
 * SAP Business Technology Platform: the XSUAA of a subaccount.
 *
 * @param options.region such as `eu10`
 * @param options.api the base URL of the service, from its service key
 */
export function sapXsuaa(options: { subdomain: string; region: string; api: string }): Provider {
  const subdomain = hostLabel(options.subdomain, 'subdomain')
  const region = hostLabel(options.region, 'region')
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
    api: options.api,
  }
}
