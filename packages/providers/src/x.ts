import { clientSecretBasic, type Provider, readPath, readStandardTokenResponse } from '@nightlatch/core'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** The options of `x` as data. */
export const optionDescriptions: OptionDescriptions<Record<string, never>> = {}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://docs.x.com/fundamentals/authentication/oauth-2-0/bearer-tokens',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * The X API, with an app-only token. The API key is the client id; the token response has no lifetime.
 *
 * @returns a provider to pass to `createClient`
 * @see {@link https://docs.x.com/fundamentals/authentication/oauth-2-0/bearer-tokens X, app-only Bearer Token}
 */
export function x(): Provider {
  return {
    name: 'x',
    tokenEndpoint: 'https://api.x.com/oauth2/token',
    clientAuthentication: clientSecretBasic({ encoding: 'form' }),
    readTokenResponse: (answer) => {
      const usual = readStandardTokenResponse(answer)
      return {
        ...usual,
        error: readPath(answer.body, 'errors', 0, 'label') ?? usual.error,
        errorDescription: readPath(answer.body, 'errors', 0, 'message') ?? usual.errorDescription,
      }
    },
    api: 'https://api.x.com/2',
  }
}
