import { clientSecretBasic, type Provider, readPath, readStandardTokenResponse } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `ups`. */
export interface UpsOptions {
  /** UPS account number of six characters; default none is sent. */
  readonly accountNumber?: string
}

/** The options of `ups` as data. */
export const optionDescriptions: OptionDescriptions<UpsOptions> = {
  accountNumber: {
    type: 'string',
    required: false,
    description: 'UPS account number of six characters; default none is sent',
  },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://github.com/UPS-API/api-documentation/blob/main/OAuthClientCredentials.yaml',
  checked: '2026-11-30',
  answer: 'shape only',
}

/**
 * UPS, in production.
 *
 * @param options `accountNumber`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://github.com/UPS-API/api-documentation/blob/main/OAuthClientCredentials.yaml UPS, OAuth Client Credentials API}
 */
export function ups(options: UpsOptions = {}): Provider {
  const { accountNumber } = checkOptions('ups', options, optionDescriptions)
  return {
    name: 'ups',
    tokenEndpoint: 'https://onlinetools.ups.com/security/v1/oauth/token',
    ...(accountNumber !== undefined && { tokenRequest: { headers: { 'x-merchant-id': accountNumber } } }),
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    // Errors are a list within `response`.
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
