import { clientSecretBasic, findUnknownOptions, NightlatchError, type Provider } from '@nightlatch/core'
import * as v from 'valibot'
import { askApiInfo, type Prevu3dInfo, toBaseUrl, withoutSlashes } from './api-info.ts'
import { explainPrevu3d } from './explain.ts'

/** Where an organisation's Prevu3D is; the defaults are the vendor's production. */
export interface Prevu3dOptions {
  /**
   * Where tokens and `api-info` are asked for. Default `https://cloud-api.prevu3d.com`; a preproduction environment has its
   * own, which Prevu3D tells.
   */
  readonly cloudApiUrl?: string | URL
  /** Where tokens may go. Default `https://*.prevu3d.com` and the origin of `cloudApiUrl`. */
  readonly apiOrigins?: readonly string[]
}

/**
 * Prevu3D RealityConnect: a token without scopes (they belong to the OAuth application), then `api-info` for the region the
 * organisation lives in.
 *
 * Paths are the vendor's, from the version on: `v1/nodes/<organisation id>/browse`.
 *
 * @throws NightlatchError `invalid_options`
 * @see {@link https://doc.prevu3d.com/en/realityconnect/realityconnect-api/client-credentials-flow/ Client Credentials Flow}
 */
export function prevu3d(options: Prevu3dOptions = {}): Provider<Prevu3dInfo> {
  refuseMistakes(options)
  const { cloudApiUrl = 'https://cloud-api.prevu3d.com' } = options
  const cloud = new URL(cloudApiUrl)
  const { apiOrigins = ['https://*.prevu3d.com', cloud.origin] } = options
  const oauth = `${cloud.origin}${withoutSlashes(cloud.pathname)}/oauth`
  return {
    name: 'prevu3d',
    tokenEndpoint: `${oauth}/token`,
    // The vendor's own script joins id and secret as they are; whether its server would decode them is not documented.
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    apiOrigins,
    async api({ fetch, signal }) {
      const info = await askApiInfo(new URL(`${oauth}/api-info`), fetch, signal)
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
        'must be an absolute URL, https:// and all',
      ),
    ),
    apiOrigins: v.optional(v.array(v.string(), 'must be an array of origins')),
  },
  'must be an object',
)

/** Without this check a misspelt option has no effect, and the secret goes to the vendor's production. */
function refuseMistakes(options: Prevu3dOptions): void {
  const { issues = [] } = v.safeParse(optionsSchema, options)
  const mistakes = [
    ...issues.map((issue) => `${v.getDotPath(issue) ?? 'options'} ${issue.message}`),
    ...findUnknownOptions(options, Object.keys(optionsSchema.entries)),
  ]
  if (mistakes.length === 0) return
  throw new NightlatchError('invalid_options', `prevu3d: ${mistakes.join('; ')}`, { provider: 'prevu3d' })
}
