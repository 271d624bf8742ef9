import { clientSecretOf, type Provider, readPath, readStandardTokenResponse } from '@nightlatch/core'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** The options of `wechat` as data. */
export const optionDescriptions: OptionDescriptions<Record<string, never>> = {}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/en/miniapp/openapi/getaccesstoken.html',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * WeChat (Weixin). Its API takes the token only in the query: get it with `client.token()`, and keep URLs out of logs.
 *
 * @returns a provider to pass to `createClient`
 * @see {@link https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/en/miniapp/openapi/getaccesstoken.html WeChat, getAccessToken}
 */
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
