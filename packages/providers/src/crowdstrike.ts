import { clientSecretPost, hostName, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `crowdstrike`. */
export interface CrowdstrikeOptions {
  /** Host of the cloud, such as api.us-2.crowdstrike.com. */
  readonly host: string
  /** CID of a managed customer, which the token is for; default the own CID. */
  readonly memberCid?: string
}

/** The options of `crowdstrike` as data. */
export const optionDescriptions: OptionDescriptions<CrowdstrikeOptions> = {
  host: { type: 'string', required: true, description: 'host of the cloud, such as api.us-2.crowdstrike.com' },
  memberCid: {
    type: 'string',
    required: false,
    description: 'CID of a managed customer, which the token is for; default the own CID',
  },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developer.crowdstrike.com/api-reference/collections/oauth2/',
  checked: '2026-11-30',
  answer: 'shape only',
}

/**
 * The Falcon API of CrowdStrike.
 *
 * @param options `host`, `memberCid`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://developer.crowdstrike.com/api-reference/collections/oauth2/ CrowdStrike, OAuth2}
 */
export function crowdstrike(options: CrowdstrikeOptions): Provider {
  const { host, memberCid } = checkOptions('crowdstrike', options, optionDescriptions)
  const origin = `https://${hostName(host, 'host')}`
  return {
    name: 'crowdstrike',
    tokenEndpoint: `${origin}/oauth2/token`,
    revocationEndpoint: `${origin}/oauth2/revoke`,
    tokenRequest: { grantType: null },
    ...(memberCid !== undefined && { parameters: { member_cid: memberCid } }),
    clientAuthentication: clientSecretPost(),
    api: origin,
  }
}
