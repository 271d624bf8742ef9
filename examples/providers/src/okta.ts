import { hostName, type Provider, pathSegment } from '@nightlatch/core'

/**
 * An API behind Okta.
 *
 * @param options.domain such as `acme.okta.com`
 * @param options.authorizationServer its id; default `default`
 */
export function okta(options: {
  domain: string
  authorizationServer?: string
  scopes: readonly string[]
  api: string
}): Provider {
  const { domain, authorizationServer = 'default', scopes, api } = options
  const server = pathSegment(authorizationServer, 'authorizationServer')
  return {
    name: 'okta',
    tokenEndpoint: `https://${hostName(domain, 'domain')}/oauth2/${server}/v1/token`,
    scopes,
    api,
  }
}
