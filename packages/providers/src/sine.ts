import { clientSecretPost, type Provider } from '@nightlatch/core'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** The options of `sine` as data. */
export const optionDescriptions: OptionDescriptions<Record<string, never>> = {}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developer.sine.co/docs/get-access-token',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * Sine, the visitor management of Honeywell Forge.
 *
 * @returns a provider to pass to `createClient`
 * @see {@link https://developer.sine.co/docs/get-access-token Sine, Get an access token}
 */
export function sine(): Provider {
  return {
    name: 'sine',
    tokenEndpoint: 'https://api.forge.connected.honeywell.com/sine/oauth2/token',
    tokenRequest: { bodyFormat: 'json' },
    clientAuthentication: clientSecretPost(),
    api: 'https://api.forge.connected.honeywell.com/sine',
  }
}
