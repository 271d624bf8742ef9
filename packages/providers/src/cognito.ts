import { clientSecretBasic, hostName, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `cognito`. */
export interface CognitoOptions {
  /** Domain of the user pool, such as acme.auth.us-east-1.amazoncognito.com. */
  readonly domain: string
  /** Base URL of the API. */
  readonly api: string | URL
  /** Custom scopes, such as orders/read; default all scopes of the app client. */
  readonly scopes?: readonly string[]
}

/** The options of `cognito` as data. */
export const optionDescriptions: OptionDescriptions<CognitoOptions> = {
  domain: {
    type: 'string',
    required: true,
    description: 'domain of the user pool, such as acme.auth.us-east-1.amazoncognito.com',
  },
  api: { type: 'url', required: true, description: 'base URL of the API' },
  scopes: {
    type: 'strings',
    required: false,
    description: 'custom scopes, such as orders/read; default all scopes of the app client',
  },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * An API behind an Amazon Cognito user pool.
 *
 * @param options `domain`, `api`, `scopes`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html Amazon Cognito, token endpoint}
 */
export function cognito(options: CognitoOptions): Provider {
  const { domain, api, scopes = [] } = checkOptions('cognito', options, optionDescriptions)
  return {
    name: 'cognito',
    tokenEndpoint: `https://${hostName(domain, 'domain')}/oauth2/token`,
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    scopes,
    api,
  }
}
