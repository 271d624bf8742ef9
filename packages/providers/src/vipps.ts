import { clientSecretOf, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `vipps`. */
export interface VippsOptions {
  /** Subscription key, which every request requires. */
  readonly subscriptionKey: string
  /** Merchant serial number of the sales unit; default none is sent. */
  readonly merchantSerialNumber?: string
  /** Whether to use the test environment; default false. */
  readonly test?: boolean
}

/** The options of `vipps` as data. */
export const optionDescriptions: OptionDescriptions<VippsOptions> = {
  subscriptionKey: {
    type: 'string',
    required: true,
    isSecret: true,
    description: 'subscription key, which every request requires',
  },
  merchantSerialNumber: {
    type: 'string',
    required: false,
    description: 'merchant serial number of the sales unit; default none is sent',
  },
  test: { type: 'boolean', required: false, description: 'whether to use the test environment; default false' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://github.com/vippsas/access-token-api/blob/main/docs/swagger.yaml',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * Vipps MobilePay. Credentials and the subscription key travel in headers.
 *
 * @param options `subscriptionKey`, `merchantSerialNumber`, `test`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://github.com/vippsas/access-token-api/blob/main/docs/swagger.yaml Vipps MobilePay, Access token API}
 */
export function vipps(options: VippsOptions): Provider {
  const { subscriptionKey, merchantSerialNumber, test = false } = checkOptions('vipps', options, optionDescriptions)
  const origin = test ? 'https://apitest.vipps.no' : 'https://api.vipps.no'
  const headers = {
    'ocp-apim-subscription-key': subscriptionKey,
    ...(merchantSerialNumber !== undefined && { 'merchant-serial-number': merchantSerialNumber }),
  }
  return {
    name: 'vipps',
    tokenEndpoint: `${origin}/accesstoken/get`,
    tokenRequest: { bodyFormat: 'none', grantType: null, headers },
    clientAuthentication: {
      name: 'vipps',
      requires: 'clientSecret',
      authenticate(request, credentials) {
        request.headers.set('client_id', credentials.clientId)
        request.headers.set('client_secret', clientSecretOf(credentials))
      },
    },
    api: origin,
    authorizeRequest: (sent, token) => {
      sent.set('authorization', `Bearer ${token.value}`)
      for (const [name, value] of Object.entries(headers)) sent.set(name, value)
    },
  }
}
