import { clientSecretBasic, type Provider, readPath, readStandardTokenResponse } from '@nightlatch/core'

/** UPS. Its errors are a list within `response`. */
export function ups({ accountNumber }: { accountNumber: string }): Provider {
  return {
    name: 'ups',
    tokenEndpoint: 'https://onlinetools.ups.com/security/v1/oauth/token',
    tokenRequest: { headers: { 'x-merchant-id': accountNumber } },
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    readTokenResponse: (answer) => {
      const usual = readStandardTokenResponse(answer)
      return {
        ...usual,
        error: readPath(answer.body, 'response', 'errors', 0, 'code') ?? usual.error,
        errorDescription: readPath(answer.body, 'response', 'errors', 0, 'message') ?? usual.errorDescription,
      }
    },
    api: 'https://onlinetools.ups.com/api',
  }
}
