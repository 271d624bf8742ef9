import { hostName, type Provider, pathSegment } from '@nightlatch/core'

/**
 * An API behind Keycloak, with the service account of a client.
 *
 * @param options.host of Keycloak
 */
export function keycloak(options: { host: string; realm: string; api: string }): Provider {
  const host = hostName(options.host, 'host')
  const realm = pathSegment(options.realm, 'realm')
  return {
    name: 'keycloak',
    // Before version 17 the path began with /auth.
    tokenEndpoint: `https://${host}/realms/${realm}/protocol/openid-connect/token`,
    api: options.api,
  }
}
