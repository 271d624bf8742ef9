import { clientSecretPost, type Provider } from '@nightlatch/core'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** The options of `bentleyItwin` as data. */
export const optionDescriptions: OptionDescriptions<Record<string, never>> = {}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developer.bentley.com/apis/overview/authorization/service-app',
  checked: '2026-11-30',
  answer: 'shape only',
}

/**
 * The iTwin Platform by Bentley, for an application of the type "service".
 *
 * @returns a provider to pass to `createClient`
 * @see {@link https://developer.bentley.com/apis/overview/authorization/service-app Bentley, Authorize a service application}
 */
export function bentleyItwin(): Provider {
  return {
    name: 'bentley-itwin',
    tokenEndpoint: 'https://ims.bentley.com/connect/token',
    clientAuthentication: clientSecretPost(),
    scopes: ['itwin-platform'],
    api: 'https://api.bentley.com',
  }
}
