import { clientSecretBasic, type Provider, readStandardTokenResponse } from '@nightlatch/core'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** The options of `honeywellHome` as data. */
export const optionDescriptions: OptionDescriptions<Record<string, never>> = {}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developer.honeywellhome.com/content/oauth2-client-credentials',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * Honeywell Home by Resideo. Calls also name the client id in their query, as `apikey`.
 *
 * @returns a provider to pass to `createClient`
 * @see {@link https://developer.honeywellhome.com/content/oauth2-client-credentials Honeywell Home, Client credentials OAuth guide}
 */
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
