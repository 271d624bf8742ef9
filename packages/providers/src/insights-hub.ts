import { clientSecretBasic, hostLabel, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `insightsHub`. */
export interface InsightsHubOptions {
  /** Region of the gateway, such as eu1. */
  readonly region: string
  /** Name of the application. */
  readonly appName: string
  /** Version of the application. */
  readonly appVersion: string
  /** Tenant that provides the application. */
  readonly hostTenant: string
  /** Tenant whose data is read. */
  readonly userTenant: string
}

/** The options of `insightsHub` as data. */
export const optionDescriptions: OptionDescriptions<InsightsHubOptions> = {
  region: { type: 'string', required: true, description: 'region of the gateway, such as eu1' },
  appName: { type: 'string', required: true, description: 'name of the application' },
  appVersion: { type: 'string', required: true, description: 'version of the application' },
  hostTenant: { type: 'string', required: true, description: 'tenant that provides the application' },
  userTenant: { type: 'string', required: true, description: 'tenant whose data is read' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://developer.siemens.com/insights-hub/docs/apis/exchange-tokenmanager/api-tokenmanager-samples.html',
  checked: '2026-11-30',
  answer: 'shape only',
}

/**
 * Siemens Insights Hub (MindSphere), with the credentials of an application.
 *
 * @param options `region`, `appName`, `appVersion`, `hostTenant`, `userTenant`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://developer.siemens.com/insights-hub/docs/apis/exchange-tokenmanager/api-tokenmanager-samples.html Insights Hub, Token Management Service}
 */
export function insightsHub(options: InsightsHubOptions): Provider {
  const { region, ...parameters } = checkOptions('insights-hub', options, optionDescriptions)
  const gateway = `https://gateway.${hostLabel(region, 'region')}.mindsphere.io`
  return {
    name: 'insights-hub',
    tokenEndpoint: `${gateway}/api/technicaltokenmanager/v3/oauth/token`,
    tokenRequest: { bodyFormat: 'json', grantType: null },
    parameters,
    clientAuthentication: {
      name: 'insights-hub',
      requires: 'clientSecret',
      async authenticate(request, credentials) {
        await clientSecretBasic({ encoding: 'raw' }).authenticate(request, credentials)
        request.headers.set('x-space-auth-key', request.headers.get('authorization') ?? '')
        request.headers.delete('authorization')
      },
    },
    api: `${gateway}/api`,
  }
}
