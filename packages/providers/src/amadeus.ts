import { clientSecretPost, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `amadeus`. */
export interface AmadeusOptions {
  /** Whether to use the test environment; default false. */
  readonly test?: boolean
}

/** The options of `amadeus` as data. */
export const optionDescriptions: OptionDescriptions<AmadeusOptions> = {
  test: { type: 'boolean', required: false, description: 'whether to use the test environment; default false' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developers.amadeus.com/self-service/apis-docs/guides/authorization',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * The Self-Service APIs of Amadeus. The API key is the client id.
 *
 * @param options `test`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://developers.amadeus.com/self-service/apis-docs/guides/authorization Amadeus, Authorizing your application}
 */
export function amadeus(options: AmadeusOptions = {}): Provider {
  const { test = false } = checkOptions('amadeus', options, optionDescriptions)
  const origin = test ? 'https://test.api.amadeus.com' : 'https://api.amadeus.com'
  return {
    name: 'amadeus',
    tokenEndpoint: `${origin}/v1/security/oauth2/token`,
    clientAuthentication: clientSecretPost(),
    api: origin,
  }
}
