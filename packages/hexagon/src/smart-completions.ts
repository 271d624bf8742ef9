import type { Provider } from '@nightlatch/core'
import { appendPath, describeSmartApi, requireUrl, type SmartApiSettings } from './smart-api.ts'

/** Options of `smartCompletions`. */
export type SmartCompletionsOptions = SmartApiSettings & {
  /** The installation's URL; the API is at `<host>/sc/datalake/v1`. */
  readonly host: string | URL
}

/**
 * The provider for Hexagon Smart Completions, an OData service of the Smart API.
 *
 * Paths are relative to the service, for example `Instances(2)/Projects`.
 *
 * @param options the installation's URL and its authorization server
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @example
 * ```ts
 * const provider = smartCompletions({
 *   host: 'https://completions.example.com',
 *   authorizationServer: 'https://auth.example.com/oauth2/aus123',
 * })
 * const client = createClient(provider, { credentials })
 * const projects = await (await client.api()).get('Instances(2)/Projects').json()
 * ```
 * @see {@link https://docs.hexagonppm.com/r/en-US/Intergraph-Smart-Completions-Smart-API-Programmer-s-Getting-Started-Guide-5.3.18/5.3.18/1297391 Client credentials workflow}
 */
export function smartCompletions(options: SmartCompletionsOptions): Provider {
  const api = requireUrl('smart-completions', 'host', options?.host)
  api.pathname = appendPath(api.pathname, '/sc/datalake/v1')
  return describeSmartApi('smart-completions', api, options)
}
