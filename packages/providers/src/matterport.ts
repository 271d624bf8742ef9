import { clientSecretPost, type Provider } from '@nightlatch/core'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** The options of `matterport` as data. */
export const optionDescriptions: OptionDescriptions<Record<string, never>> = {}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://matterport.github.io/developer-docs/oauth/private-model-embed/',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * The Model API of Matterport, for organizations with Private Model Embed.
 *
 * @returns a provider to pass to `createClient`
 * @see {@link https://matterport.github.io/developer-docs/oauth/private-model-embed/ Matterport, Private Model Embed}
 */
export function matterport(): Provider {
  return {
    name: 'matterport',
    tokenEndpoint: 'https://api.matterport.com/api/oauth/token',
    clientAuthentication: clientSecretPost(),
    api: 'https://api.matterport.com/api/models',
  }
}
