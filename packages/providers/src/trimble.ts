import { clientSecretBasic, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `trimble`. */
export interface TrimbleOptions {
  /** Name of the application, which is its scope. */
  readonly application: string
  /** Base URL of the product's API. */
  readonly api: string | URL
}

/** The options of `trimble` as data. */
export const optionDescriptions: OptionDescriptions<TrimbleOptions> = {
  application: { type: 'string', required: true, description: 'name of the application, which is its scope' },
  api: { type: 'url', required: true, description: "base URL of the product's API" },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developer.trimble.com/docs/authentication/guides/client-credentials',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * Trimble Identity.
 *
 * @param options `application`, `api`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://developer.trimble.com/docs/authentication/guides/client-credentials Trimble, Client credentials}
 */
export function trimble(options: TrimbleOptions): Provider {
  const { application, api } = checkOptions('trimble', options, optionDescriptions)
  return {
    name: 'trimble',
    tokenEndpoint: 'https://id.trimble.com/oauth/token',
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    scopes: [application],
    api,
  }
}
