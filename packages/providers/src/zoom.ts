import { clientSecretBasic, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `zoom`. */
export interface ZoomOptions {
  /** Id of the account, from the app credentials. */
  readonly accountId: string
}

/** The options of `zoom` as data. */
export const optionDescriptions: OptionDescriptions<ZoomOptions> = {
  accountId: { type: 'string', required: true, description: 'id of the account, from the app credentials' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developers.zoom.us/docs/internal-apps/s2s-oauth/',
  checked: '2026-11-30',
  answer: 'shape only',
}

/**
 * Zoom, with a Server-to-Server OAuth app.
 *
 * @param options `accountId`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://developers.zoom.us/docs/internal-apps/s2s-oauth/ Zoom, Server-to-Server OAuth}
 */
export function zoom(options: ZoomOptions): Provider {
  const { accountId } = checkOptions('zoom', options, optionDescriptions)
  return {
    name: 'zoom',
    tokenEndpoint: 'https://zoom.us/oauth/token',
    tokenRequest: { grantType: 'account_credentials' },
    parameters: { account_id: accountId },
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    api: 'https://api.zoom.us/v2',
  }
}
