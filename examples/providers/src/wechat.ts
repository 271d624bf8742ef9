import { clientSecretOf, type Provider, readPath, readStandardTokenResponse } from '@nightlatch/core'

/** WeChat (Weixin). Its API takes the token in the query: get it by `client.token()`, and mind your logs. */
export function wechat(): Provider {
  return {
    name: 'wechat',
    tokenEndpoint: 'https://api.weixin.qq.com/cgi-bin/token',
    tokenRequest: { method: 'GET', grantType: 'client_credential' },
    clientAuthentication: {
      name: 'wechat',
      requires: 'clientSecret',
      authenticate({ parameters }, credentials) {
        parameters.set('appid', credentials.clientId)
        parameters.set('secret', clientSecretOf(credentials))
      },
    },
    readTokenResponse: (answer) => {
      const usual = readStandardTokenResponse(answer)
      return {
        ...usual,
        error: readPath(answer.body, 'errcode') ?? usual.error,
        errorDescription: readPath(answer.body, 'errmsg') ?? usual.errorDescription,
        // "The system is busy, please try again later."
        ...(readPath(answer.body, 'errcode') === -1 && { retryable: true }),
      }
    },
  }
}
