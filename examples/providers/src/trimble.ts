import { clientSecretBasic, type Provider } from '@nightlatch/core'

/**
 * Trimble Identity.
 *
 * @param options.application the application's name, which is its scope
 * @param options.api the base URL of the product's API: each product has its own
 */
export function trimble({ application, api }: { application: string; api: string }): Provider {
  return {
    name: 'trimble',
    tokenEndpoint: 'https://id.trimble.com/oauth/token',
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    scopes: [application],
    api,
  }
}
