import { clientSecretBasic, hostName, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `databricks`. */
export interface DatabricksOptions {
  /** Host of the workspace, such as dbc-a1b2345c-d6e7.cloud.databricks.com. */
  readonly workspace: string
}

/** The options of `databricks` as data. */
export const optionDescriptions: OptionDescriptions<DatabricksOptions> = {
  workspace: {
    type: 'string',
    required: true,
    description: 'host of the workspace, such as dbc-a1b2345c-d6e7.cloud.databricks.com',
  },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://docs.databricks.com/aws/en/dev-tools/auth/oauth-m2m',
  checked: '2026-11-30',
  answer: 'shape only',
}

/**
 * A Databricks workspace, with the OAuth secret of a service principal.
 *
 * @param options `workspace`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://docs.databricks.com/aws/en/dev-tools/auth/oauth-m2m Databricks, OAuth for service principals}
 */
export function databricks(options: DatabricksOptions): Provider {
  const { workspace } = checkOptions('databricks', options, optionDescriptions)
  const host = hostName(workspace, 'workspace')
  return {
    name: 'databricks',
    tokenEndpoint: `https://${host}/oidc/v1/token`,
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    scopes: ['all-apis'],
    api: `https://${host}/api`,
  }
}
