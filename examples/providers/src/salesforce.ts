import { clientSecretPost, hostLabel, NightlatchError, type Provider } from '@nightlatch/core'

/**
 * Salesforce. Where its API is, the token's answer says.
 *
 * @param options.myDomain what stands before `.my.salesforce.com`
 */
export function salesforce({ myDomain }: { myDomain: string }): Provider {
  return {
    name: 'salesforce',
    tokenEndpoint: `https://${hostLabel(myDomain, 'myDomain')}.my.salesforce.com/services/oauth2/token`,
    clientAuthentication: clientSecretPost(),
    apiOrigins: ['https://*.my.salesforce.com'],
    api: async ({ token }) => {
      const { instance_url } = token.extra
      if (typeof instance_url !== 'string') {
        throw new NightlatchError('discovery_failed', 'salesforce: the token came without an instance_url', {
          provider: 'salesforce',
        })
      }
      return { baseUrl: `${instance_url}/services/data`, info: undefined }
    },
  }
}
