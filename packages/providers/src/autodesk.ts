import { clientSecretBasic, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `autodesk`. */
export interface AutodeskOptions {
  /** Scopes; default data:read. */
  readonly scopes?: readonly string[]
}

/** The options of `autodesk` as data. */
export const optionDescriptions: OptionDescriptions<AutodeskOptions> = {
  scopes: { type: 'strings', required: false, description: 'scopes; default data:read' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://aps.autodesk.com/en/docs/oauth/v2/tutorials/get-2-legged-token',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * Autodesk Platform Services, with a two-legged token.
 *
 * @param options `scopes`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://aps.autodesk.com/en/docs/oauth/v2/tutorials/get-2-legged-token Autodesk Platform Services, Get a 2-Legged Token}
 */
export function autodesk(options: AutodeskOptions = {}): Provider {
  const { scopes = ['data:read'] } = checkOptions('autodesk', options, optionDescriptions)
  return {
    name: 'autodesk',
    tokenEndpoint: 'https://developer.api.autodesk.com/authentication/v2/token',
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    scopes,
    api: 'https://developer.api.autodesk.com',
  }
}
