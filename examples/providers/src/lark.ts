import { clientSecretOf, type Provider, readPath, readStandardTokenResponse } from '@nightlatch/core'

/** Lark (Feishu), for an app of one's own organisation. */
export function lark(): Provider {
  return {
    name: 'lark',
    tokenEndpoint: 'https://open.larksuite.com/open-apis/auth/v3/tenant_access_token/internal',
    tokenRequest: {
      bodyFormat: 'json',
      grantType: null,
      headers: { 'content-type': 'application/json; charset=utf-8' },
    },
    clientAuthentication: {
      name: 'lark',
      requires: 'clientSecret',
      authenticate({ parameters }, credentials) {
        parameters.set('app_id', credentials.clientId)
        parameters.set('app_secret', clientSecretOf(credentials))
      },
    },
    // A code other than 0 is an error, with any status.
    readTokenResponse: (answer) => {
      const usual = readStandardTokenResponse(answer)
      return {
        accessToken: readPath(answer.body, 'tenant_access_token'),
        expiresIn: readPath(answer.body, 'expire'),
        error: readPath(answer.body, 'code') ?? usual.error,
        errorDescription: readPath(answer.body, 'msg') ?? usual.errorDescription,
      }
    },
    tokenRejection: { body: (body) => readPath(body, 'code') === 99991663 }, // with status 400
    api: 'https://open.larksuite.com/open-apis',
  }
}
