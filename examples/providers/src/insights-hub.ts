import { clientSecretBasic, hostLabel, type Provider } from '@nightlatch/core'

/**
 * Siemens Insights Hub (MindSphere), with the credentials of an application.
 *
 * @param options.region of the gateway, such as `eu1`
 */
export function insightsHub(options: {
  region: string
  appName: string
  appVersion: string
  hostTenant: string
  userTenant: string
}): Provider {
  const { region, ...parameters } = options
  const gateway = `https://gateway.${hostLabel(region, 'region')}.mindsphere.io`
  return {
    name: 'insights-hub',
    tokenEndpoint: `${gateway}/api/technicaltokenmanager/v3/oauth/token`,
    tokenRequest: { bodyFormat: 'json', grantType: null },
    parameters,
    clientAuthentication: {
      name: 'insights-hub',
      requires: 'clientSecret',
      async authenticate(request, credentials) {
        await clientSecretBasic({ encoding: 'raw' }).authenticate(request, credentials)
        request.headers.set('x-space-auth-key', request.headers.get('authorization') ?? '')
        request.headers.delete('authorization')
      },
    },
    api: `${gateway}/api`,
  }
}
