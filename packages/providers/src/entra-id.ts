import { clientSecretPost, type Provider, pathSegment, privateKeyJwt } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `entraId`. */
export interface EntraIdOptions {
  /** The directory, by its GUID or its domain. */
  readonly tenant: string
  /** PEM of a certificate of the app registration, used with the credentials' privateKey; default a client secret. */
  readonly certificate?: string
  /** One resource's identifier with /.default appended; default https://graph.microsoft.com/.default. */
  readonly scopes?: readonly string[]
  /** Base URL of the API; default https://graph.microsoft.com/v1.0. */
  readonly api?: string | URL
}

/** The options of `entraId` as data. */
export const optionDescriptions: OptionDescriptions<EntraIdOptions> = {
  tenant: { type: 'string', required: true, description: 'the directory, by its GUID or its domain' },
  certificate: {
    type: 'string',
    required: false,
    description:
      "PEM of a certificate of the app registration, used with the credentials' privateKey; default a client secret",
  },
  scopes: {
    type: 'strings',
    required: false,
    description: "one resource's identifier with /.default appended; default https://graph.microsoft.com/.default",
  },
  api: { type: 'url', required: false, description: 'base URL of the API; default https://graph.microsoft.com/v1.0' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * Microsoft Entra ID (Azure AD), for Microsoft Graph or another API.
 *
 * @param options `tenant`, `certificate`, `scopes`, `api`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @example
 * ```ts
 * const client = createClient(entraId({ tenant: 'acme.onmicrosoft.com' }), { credentials })
 * const api = await client.api() // Microsoft Graph
 * ```
 * @see {@link https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow Microsoft Entra ID, client credentials flow}
 */
export function entraId(options: EntraIdOptions): Provider {
  const {
    tenant,
    certificate,
    scopes = ['https://graph.microsoft.com/.default'],
    api = 'https://graph.microsoft.com/v1.0',
  } = checkOptions('entra-id', options, optionDescriptions)
  return {
    name: 'entra-id',
    tokenEndpoint: `https://login.microsoftonline.com/${pathSegment(tenant, 'tenant')}/oauth2/v2.0/token`,
    clientAuthentication:
      certificate === undefined
        ? clientSecretPost()
        : privateKeyJwt({ algorithm: 'PS256', audience: 'tokenEndpoint', certificate, header: { typ: 'JWT' } }),
    scopes,
    api,
  }
}
