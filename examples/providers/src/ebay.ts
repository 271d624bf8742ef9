import { clientSecretBasic, type Provider, readStandardTokenResponse } from '@nightlatch/core'

/** eBay's REST APIs, on behalf of the application. */
export function ebay(): Provider {
  return {
    name: 'ebay',
    tokenEndpoint: 'https://api.ebay.com/identity/v1/oauth2/token',
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    scopes: ['https://api.ebay.com/oauth/api_scope'],
    // The token_type is "Application Access Token"; it is used as a Bearer token.
    readTokenResponse: (answer) => ({ ...readStandardTokenResponse(answer), tokenType: 'Bearer' }),
    api: 'https://api.ebay.com',
  }
}
