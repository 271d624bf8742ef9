import { clientSecretPost, type Provider } from '@nightlatch/core'

/** Amadeus for Developers, Self-Service, in the test environment. */
export function amadeus(): Provider {
  return {
    name: 'amadeus',
    tokenEndpoint: 'https://test.api.amadeus.com/v1/security/oauth2/token',
    clientAuthentication: clientSecretPost(),
    api: 'https://test.api.amadeus.com',
  }
}
