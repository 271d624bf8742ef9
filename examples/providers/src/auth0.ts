import { clientSecretPost, hostName, type Provider } from '@nightlatch/core'

/**
 * The management API of an Auth0 tenant.
 *
 * @param options.domain such as `acme.eu.auth0.com`
 */
export function auth0(options: { domain: string }): Provider {
  const domain = hostName(options.domain, 'domain')
  return {
    name: 'auth0',
    tokenEndpoint: `https://${domain}/oauth/token`,
    tokenRequest: { bodyFormat: 'json' },
    clientAuthentication: clientSecretPost(),
    parameters: { audience: `https://${domain}/api/v2/` },
    api: `https://${domain}/api/v2`,
  }
}
