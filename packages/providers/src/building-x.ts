import { clientSecretPost, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `buildingX`. */
export interface BuildingXOptions {
  /** Base URL of the API. */
  readonly api: string | URL
}

/** The options of `buildingX` as data. */
export const optionDescriptions: OptionDescriptions<BuildingXOptions> = {
  api: { type: 'url', required: true, description: 'base URL of the API' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developer.siemens.com/building-x-openness/dev-guide/howto.html',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * The APIs of Siemens Building X, with a machine user.
 *
 * @param options `api`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://developer.siemens.com/building-x-openness/dev-guide/howto.html Building X, Create a Token}
 */
export function buildingX(options: BuildingXOptions): Provider {
  const { api } = checkOptions('building-x', options, optionDescriptions)
  return {
    name: 'building-x',
    tokenEndpoint: 'https://siemens-bt-015.eu.auth0.com/oauth/token',
    tokenRequest: { bodyFormat: 'json' },
    clientAuthentication: clientSecretPost(),
    parameters: { audience: 'https://horizon.siemens.com' },
    api,
  }
}
