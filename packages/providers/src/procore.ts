import { clientSecretPost, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `procore`. */
export interface ProcoreOptions {
  /** Company of the requests, which the API requires in a header. */
  readonly companyId: string
}

/** The options of `procore` as data. */
export const optionDescriptions: OptionDescriptions<ProcoreOptions> = {
  companyId: {
    type: 'string',
    required: true,
    description: 'company of the requests, which the API requires in a header',
  },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://procore.github.io/documentation/oauth-client-credentials',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * Procore, with a developer managed service account.
 *
 * @param options `companyId`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://procore.github.io/documentation/oauth-client-credentials Procore, OAuth client credentials}
 */
export function procore(options: ProcoreOptions): Provider {
  const { companyId } = checkOptions('procore', options, optionDescriptions)
  return {
    name: 'procore',
    tokenEndpoint: 'https://login.procore.com/oauth/token',
    tokenRequest: { bodyFormat: 'json' },
    clientAuthentication: clientSecretPost(),
    api: 'https://api.procore.com/rest',
    authorizeRequest: (headers, token) => {
      headers.set('authorization', `Bearer ${token.value}`)
      headers.set('procore-company-id', companyId)
    },
  }
}
