import { clientSecretPost, type Provider } from '@nightlatch/core'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** The options of `twilio` as data. */
export const optionDescriptions: OptionDescriptions<Record<string, never>> = {}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://www.twilio.com/docs/iam/oauth-apps/oauth-access-token',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * Twilio, with an OAuth app.
 *
 * @returns a provider to pass to `createClient`
 * @see {@link https://www.twilio.com/docs/iam/oauth-apps/oauth-access-token Twilio, OAuth Token API}
 */
export function twilio(): Provider {
  return {
    name: 'twilio',
    tokenEndpoint: 'https://oauth.twilio.com/v2/token',
    clientAuthentication: clientSecretPost(),
    api: 'https://api.twilio.com',
  }
}
