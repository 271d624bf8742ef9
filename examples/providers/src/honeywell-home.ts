import { clientSecretBasic, type Provider, readStandardTokenResponse } from '@nightlatch/core'

/** Honeywell Home by Resideo. */
export function honeywellHome(): Provider {
  return {
    name: 'honeywell-home',
    tokenEndpoint: 'https://api.honeywell.com/oauth2/accesstoken',
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    // The token_type is "BearerToken".
    readTokenResponse: (answer) => ({ ...readStandardTokenResponse(answer), tokenType: 'Bearer' }),
    api: 'https://api.honeywell.com/v2',
  }
}
