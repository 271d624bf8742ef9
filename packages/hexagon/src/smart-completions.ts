import type { Provider } from '@nightlatch/core'
import { appendPath, describeSmartApi, requireUrl, type SmartApiSettings } from './smart-api.ts'

/** A Smart Completions installation. */
export type SmartCompletionsOptions = SmartApiSettings & {
  /** The installation's address: its API is at `<host>/sc/datalake/v1`. */
  readonly host: string | URL
}

/**
 * Hexagon Smart Completions: an OData service behind the Smart API. Paths are the service's: `Instances(2)/Projects`.
 *
 * @throws NightlatchError `invalid_options`
 * @see {@link https://docs.hexagonppm.com/r/en-US/Intergraph-Smart-Completions-Smart-API-Programmer-s-Getting-Started-Guide-5.3.18/5.3.18/1297391 Client credentials workflow}
 */
export function smartCompletions(options: SmartCompletionsOptions): Provider {
  const api = requireUrl('smart-completions', 'host', options?.host)
  api.pathname = appendPath(api.pathname, '/sc/datalake/v1')
  return describeSmartApi('smart-completions', api, options)
}
