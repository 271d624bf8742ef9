import { clientSecretPost, hostLabel, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `pagerDuty`. */
export interface PagerDutyOptions {
  /** Subdomain of the account. */
  readonly subdomain: string
  /** Scopes of the app, such as incidents.read. */
  readonly scopes: readonly string[]
  /** Service region of the account; default us. */
  readonly region?: 'us' | 'eu'
}

/** The options of `pagerDuty` as data. */
export const optionDescriptions: OptionDescriptions<PagerDutyOptions> = {
  subdomain: { type: 'string', required: true, description: 'subdomain of the account' },
  scopes: { type: 'strings', required: true, description: 'scopes of the app, such as incidents.read' },
  region: {
    type: 'string',
    required: false,
    choices: ['us', 'eu'],
    description: 'service region of the account; default us',
  },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developer.pagerduty.com/docs/app-oauth-token',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * The REST API of PagerDuty, with an app that has Scoped OAuth.
 *
 * @param options `subdomain`, `scopes`, `region`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://developer.pagerduty.com/docs/app-oauth-token PagerDuty, Obtaining an App OAuth Token}
 */
export function pagerDuty(options: PagerDutyOptions): Provider {
  const { subdomain, scopes, region = 'us' } = checkOptions('pagerduty', options, optionDescriptions)
  return {
    name: 'pagerduty',
    tokenEndpoint: 'https://identity.pagerduty.com/oauth/token',
    clientAuthentication: clientSecretPost(),
    scopes: [`as_account-${region}.${hostLabel(subdomain, 'subdomain')}`, ...scopes],
    api: region === 'eu' ? 'https://api.eu.pagerduty.com' : 'https://api.pagerduty.com',
    authorizeRequest: (headers, token) => {
      headers.set('authorization', `Bearer ${token.value}`)
      headers.set('accept', 'application/vnd.pagerduty+json;version=2')
    },
  }
}
