import { clientSecretBasic, type Provider } from '@nightlatch/core'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** The options of `spotify` as data. */
export const optionDescriptions: OptionDescriptions<Record<string, never>> = {}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developer.spotify.com/documentation/web-api/tutorials/client-credentials-flow',
  checked: '2026-11-30',
  answer: 'shape only',
}

/**
 * The Web API of Spotify, for data of no user.
 *
 * @returns a provider to pass to `createClient`
 * @see {@link https://developer.spotify.com/documentation/web-api/tutorials/client-credentials-flow Spotify, Client Credentials Flow}
 */
export function spotify(): Provider {
  return {
    name: 'spotify',
    tokenEndpoint: 'https://accounts.spotify.com/api/token',
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    api: 'https://api.spotify.com/v1',
  }
}
