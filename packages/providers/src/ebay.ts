import { clientSecretBasic, type Provider, readStandardTokenResponse } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `ebay`. */
export interface EbayOptions {
  /** Scopes; default https://api.ebay.com/oauth/api_scope. */
  readonly scopes?: readonly string[]
}

/** The options of `ebay` as data. */
export const optionDescriptions: OptionDescriptions<EbayOptions> = {
  scopes: { type: 'strings', required: false, description: 'scopes; default https://api.ebay.com/oauth/api_scope' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developer.ebay.com/api-docs/static/oauth-client-credentials-grant.html',
  checked: '2026-11-30',
  answer: 'shape only',
}

/**
 * eBay's REST APIs, on behalf of the application.
 *
 * @param options `scopes`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://developer.ebay.com/api-docs/static/oauth-client-credentials-grant.html eBay, The client credentials grant flow}
 */
export function ebay(options: EbayOptions = {}): Provider {
  const { scopes = ['https://api.ebay.com/oauth/api_scope'] } = checkOptions('ebay', options, optionDescriptions)
  return {
    name: 'ebay',
    tokenEndpoint: 'https://api.ebay.com/identity/v1/oauth2/token',
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    scopes,
    // The token_type is "Application Access Token"; it is used as a Bearer token.
    readTokenResponse: (answer) => ({ ...readStandardTokenResponse(answer), tokenType: 'Bearer' }),
    api: 'https://api.ebay.com',
  }
}
