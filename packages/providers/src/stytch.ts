import { clientSecretPost, hostName, type Provider, pathSegment } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `stytch`. */
export interface StytchOptions {
  /** Host of Stytch, such as test.stytch.com. */
  readonly host: string
  /** Identifier of the project. */
  readonly projectId: string
  /** Base URL of your API. */
  readonly api: string | URL
}

/** The options of `stytch` as data. */
export const optionDescriptions: OptionDescriptions<StytchOptions> = {
  host: { type: 'string', required: true, description: 'host of Stytch, such as test.stytch.com' },
  projectId: { type: 'string', required: true, description: 'identifier of the project' },
  api: { type: 'url', required: true, description: 'base URL of your API' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://stytch.com/docs/api/get-m2m-token',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * An API of your own that accepts machine-to-machine tokens of Stytch.
 *
 * @param options `host`, `projectId`, `api`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://stytch.com/docs/api/get-m2m-token Stytch, Get access token}
 */
export function stytch(options: StytchOptions): Provider {
  const given = checkOptions('stytch', options, optionDescriptions)
  const host = hostName(given.host, 'host')
  const projectId = pathSegment(given.projectId, 'projectId')
  return {
    name: 'stytch',
    tokenEndpoint: `https://${host}/v1/public/${projectId}/oauth2/token`,
    tokenRequest: { bodyFormat: 'json' },
    clientAuthentication: clientSecretPost(),
    api: given.api,
  }
}
