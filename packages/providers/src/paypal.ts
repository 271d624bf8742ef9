import { clientSecretBasic, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `paypal`. */
export interface PaypalOptions {
  /** Whether to use the sandbox; default false. */
  readonly sandbox?: boolean
}

/** The options of `paypal` as data. */
export const optionDescriptions: OptionDescriptions<PaypalOptions> = {
  sandbox: { type: 'boolean', required: false, description: 'whether to use the sandbox; default false' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developer.paypal.com/api/rest/authentication/',
  checked: '2026-11-30',
  answer: 'shape only',
}

/**
 * The REST APIs of PayPal, in the sandbox or live.
 *
 * @param options `sandbox`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://developer.paypal.com/api/rest/authentication/ PayPal, Authentication}
 */
export function paypal(options: PaypalOptions = {}): Provider {
  const { sandbox = false } = checkOptions('paypal', options, optionDescriptions)
  const origin = sandbox ? 'https://api-m.sandbox.paypal.com' : 'https://api-m.paypal.com'
  return {
    name: 'paypal',
    tokenEndpoint: `${origin}/v1/oauth2/token`,
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    api: origin,
  }
}
