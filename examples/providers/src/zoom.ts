import { clientSecretBasic, type Provider } from '@nightlatch/core'

/** Zoom, with a server-to-server OAuth app. */
export function zoom({ accountId }: { accountId: string }): Provider {
  return {
    name: 'zoom',
    tokenEndpoint: 'https://zoom.us/oauth/token',
    tokenRequest: { grantType: 'account_credentials' },
    parameters: { account_id: accountId },
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    api: 'https://api.zoom.us/v2',
  }
}
