import { clientSecretBasic, findUnknownOptions, NightlatchError, type Provider } from '@nightlatch/core'
import * as v from 'valibot'
import { type Prevu3dInfo, requestApiInfo, toBaseUrl, withoutSlashes } from './api-info.ts'
import { explainPrevu3d } from './explain.ts'

/** Options of `prevu3d`; the defaults are the vendor's production environment. */
export interface Prevu3dOptions {
  /**
   * Base URL of the token endpoint and of `api-info`. Default `https://cloud-api.prevu3d.com`; ask Prevu3D for the URL of a
   * preproduction environment.
   */
  readonly cloudApiUrl?: string | URL
  /** Origins that are allowed to receive the token. Default `https://*.prevu3d.com` and the origin of `cloudApiUrl`. */
  readonly apiOrigins?: readonly string[]
}

/**
 * The provider for Prevu3D RealityConnect: it requests a token without scopes, then discovers the organisation's region.
 *
 * Paths start with the version, for example `v1/nodes/<organisation id>/browse`. Scopes belong to the OAuth application.
 *
 * @param options the environment's URL and the allowed origins; default the vendor's production environment
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown or invalid option
 * @example
 * ```ts
 * const client = createClient(prevu3d(), { credentials })
 * const { organization } = await client.info()
 * const api = await client.api()
 * const divisions = await api.get(`v1/nodes/${organization.id}/browse`).json()
 * ```
 * @see {@link https://doc.prevu3d.com/en/realityconnect/realityconnect-api/client-credentials-flow/ Client Credentials Flow}
 */
export function prevu3d(options: Prevu3dOptions = {}): Provider<Prevu3dInfo> {
  checkOptions(options)
  const { cloudApiUrl = 'https://cloud-api.prevu3d.com' } = options
  const cloud = new URL(cloudApiUrl)
  const { apiOrigins = ['https://*.prevu3d.com', cloud.origin] } = options
  const oauth = `${cloud.origin}${withoutSlashes(cloud.pathname)}/oauth`
  return {
    name: 'prevu3d',
    tokenEndpoint: `${oauth}/token`,
    // The vendor's script joins id and secret without encoding; whether the server would decode them is undocumented.
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    apiOrigins,
    async api({ fetch, signal }) {
      const info = await requestApiInfo(new URL(`${oauth}/api-info`), fetch, signal)
      return { baseUrl: toBaseUrl(info.apiUrl), info }
    },
    explain: explainPrevu3d,
  }
}

const optionsSchema = v.object(
  {
    cloudApiUrl: v.optional(
      v.custom<string | URL>(
        (url) =>
          (typeof url === 'string' || url instanceof URL) &&
          URL.canParse(url) &&
          /^https?:$/.test(new URL(url).protocol),
        'must be an absolute URL that starts with https://',
      ),
    ),
    apiOrigins: v.optional(v.array(v.string(), 'must be an array of origins')),
  },
  'must be an object',
)

/** Rejects unknown options, because a misspelt `cloudApiUrl` would send the secret to the production environment. */
function checkOptions(options: Prevu3dOptions): void {
  const { issues = [] } = v.safeParse(optionsSchema, options)
  const mistakes = [
    ...issues.map((issue) => `${v.getDotPath(issue) ?? 'options'} ${issue.message}`),
    ...findUnknownOptions(options, Object.keys(optionsSchema.entries)),
  ]
  if (mistakes.length === 0) return
  throw new NightlatchError('invalid_options', `prevu3d: ${mistakes.join('; ')}`, { provider: 'prevu3d' })
}
