import { clientSecretPost, type Provider } from '@nightlatch/core'

/**
 * Adobe, with an OAuth server-to-server credential.
 *
 * @param options.api the base URL of the product's API: each product has its own
 * @param options.apiKey the client id once more, which the API wants beside the token
 * @param options.organization the IMS organisation, such as `123@AdobeOrg`
 */
export function adobe(options: {
  api: string
  apiKey: string
  organization: string
  scopes: readonly string[]
}): Provider {
  const { api, apiKey, organization, scopes } = options
  return {
    name: 'adobe',
    tokenEndpoint: 'https://ims-na1.adobelogin.com/ims/token/v3',
    tokenRequest: { scopeSeparator: ',' },
    clientAuthentication: clientSecretPost(),
    scopes,
    api,
    authorizeRequest: (headers, token) => {
      headers.set('authorization', `Bearer ${token.value}`)
      headers.set('x-api-key', apiKey)
      headers.set('x-gw-ims-org-id', organization)
    },
  }
}
