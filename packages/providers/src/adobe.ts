import { clientSecretPost, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `adobe`. */
export interface AdobeOptions {
  /** Base URL of the product's API. */
  readonly api: string | URL
  /** The client id, which the API requires beside the token. */
  readonly apiKey: string
  /** IMS organization, such as 123@AdobeOrg. */
  readonly organization: string
  /** Scopes of the credential. */
  readonly scopes: readonly string[]
}

/** The options of `adobe` as data. */
export const optionDescriptions: OptionDescriptions<AdobeOptions> = {
  api: { type: 'url', required: true, description: "base URL of the product's API" },
  apiKey: { type: 'string', required: true, description: 'the client id, which the API requires beside the token' },
  organization: { type: 'string', required: true, description: 'IMS organization, such as 123@AdobeOrg' },
  scopes: { type: 'strings', required: true, description: 'scopes of the credential' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developer.adobe.com/developer-console/docs/guides/authentication/ServerToServerAuthentication/IMS',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * Adobe, with an OAuth Server-to-Server credential.
 *
 * @param options `api`, `apiKey`, `organization`, `scopes`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://developer.adobe.com/developer-console/docs/guides/authentication/ServerToServerAuthentication/IMS Adobe, OAuth Server-to-Server credential}
 */
export function adobe(options: AdobeOptions): Provider {
  const { api, apiKey, organization, scopes } = checkOptions('adobe', options, optionDescriptions)
  return {
    name: 'adobe',
    tokenEndpoint: 'https://ims-na1.adobelogin.com/ims/token/v3',
    tokenRequest: { scopeSeparator: ',' },
    clientAuthentication: clientSecretPost(),
    scopes,
    api,
    authorizeRequest: (headers, token) => {
      headers.set('authorization', `Bearer ${token.value}`)
      headers.set('x-api-key', apiKey)
      headers.set('x-gw-ims-org-id', organization)
    },
  }
}
