import { clientSecretPost, hostLabel, type Provider, readPath } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `marketo`. */
export interface MarketoOptions {
  /** Account id (Munchkin id), such as 284-RPR-133. */
  readonly munchkinId: string
}

/** The options of `marketo` as data. */
export const optionDescriptions: OptionDescriptions<MarketoOptions> = {
  munchkinId: { type: 'string', required: true, description: 'account id (Munchkin id), such as 284-RPR-133' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/rest/authentication',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * Marketo Engage by Adobe. The credentials travel in the query, as Marketo documents it: keep URLs out of logs.
 *
 * @param options `munchkinId`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/rest/authentication Marketo, Authentication}
 */
export function marketo(options: MarketoOptions): Provider {
  const { munchkinId } = checkOptions('marketo', options, optionDescriptions)
  const host = `https://${hostLabel(munchkinId, 'munchkinId')}.mktorest.com`
  return {
    name: 'marketo',
    tokenEndpoint: `${host}/identity/oauth/token`,
    tokenRequest: { method: 'GET' },
    clientAuthentication: clientSecretPost(),
    // 601: invalid token, 602: expired token, in a list of errors with status 200.
    tokenRejection: { body: (body) => [601, 602].includes(Number(readPath(body, 'errors', 0, 'code'))) },
    api: `${host}/rest`,
  }
}
