import { clientSecretBasic, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `paloAltoSase`. */
export interface PaloAltoSaseOptions {
  /** Id of the tenant service group (TSG). */
  readonly tsgId: string
}

/** The options of `paloAltoSase` as data. */
export const optionDescriptions: OptionDescriptions<PaloAltoSaseOptions> = {
  tsgId: { type: 'string', required: true, description: 'id of the tenant service group (TSG)' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://pan.dev/sase/docs/access-tokens/',
  checked: '2026-11-30',
  answer: 'not documented',
}

/**
 * The SASE APIs of Palo Alto Networks, with a service account.
 *
 * @param options `tsgId`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://pan.dev/sase/docs/access-tokens/ Palo Alto Networks, Access Tokens}
 */
export function paloAltoSase(options: PaloAltoSaseOptions): Provider {
  const { tsgId } = checkOptions('palo-alto-sase', options, optionDescriptions)
  return {
    name: 'palo-alto-sase',
    tokenEndpoint: 'https://auth.apps.paloaltonetworks.com/oauth2/access_token',
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    scopes: [`tsg_id:${tsgId}`],
    // Where the response names no lifetime.
    defaultLifetime: 900,
    api: 'https://api.sase.paloaltonetworks.com',
  }
}
