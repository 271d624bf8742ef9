import { clientSecretOf, type Provider, readPath, readStandardTokenResponse } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `lark`. */
export interface LarkOptions {
  /** Where the app is registered; default lark. */
  readonly platform?: 'lark' | 'feishu'
}

/** The options of `lark` as data. */
export const optionDescriptions: OptionDescriptions<LarkOptions> = {
  platform: {
    type: 'string',
    required: false,
    choices: ['lark', 'feishu'],
    description: 'where the app is registered; default lark',
  },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://open.larkoffice.com/document/ukTMukTMukTM/ukDNz4SO0MjL5QzM/auth-v3/auth/tenant_access_token_internal',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * Lark, or Feishu in China, for a custom app of your own organization.
 *
 * @param options `platform`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://open.larkoffice.com/document/ukTMukTMukTM/ukDNz4SO0MjL5QzM/auth-v3/auth/tenant_access_token_internal Lark, tenant_access_token of a custom app}
 */
export function lark(options: LarkOptions = {}): Provider {
  const { platform = 'lark' } = checkOptions('lark', options, optionDescriptions)
  const api = platform === 'feishu' ? 'https://open.feishu.cn/open-apis' : 'https://open.larksuite.com/open-apis'
  return {
    name: 'lark',
    tokenEndpoint: `${api}/auth/v3/tenant_access_token/internal`,
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
    api,
  }
}
