import {
  type ClientAuthentication,
  clientSecretBasic,
  findUnknownOptions,
  NightlatchError,
  type Provider,
} from '@nightlatch/core'
import { explainSmartApi } from './explain.ts'

/** The address of the authorization server: exactly one of three options. */
export type AuthorizationServerAddress =
  | {
      /**
       * An Okta-like authorization server, whose token endpoint is `<this>/v1/token`; the path is appended unless it is
       * present.
       */
      readonly authorizationServer: string | URL
      readonly tokenEndpoint?: undefined
      readonly issuer?: undefined
    }
  | {
      /** The token endpoint, used unchanged; Smart API Manager's is `https://<server>/sam/oauth/connect/token`. */
      readonly tokenEndpoint: string | URL
      readonly authorizationServer?: undefined
      readonly issuer?: undefined
    }
  | {
      /** An issuer whose metadata (`/.well-known/openid-configuration`) names the token endpoint. */
      readonly issuer: string | URL
      readonly authorizationServer?: undefined
      readonly tokenEndpoint?: undefined
    }

/** Options that all products of the Smart API share. */
export type SmartApiSettings = AuthorizationServerAddress & {
  /** The installation's scopes, case-sensitive: `ingr.api`, a service id (a GUID), or both. Default `['ingr.api']`. */
  readonly scopes?: readonly string[]
  /** The service id, if the installation's Smart API Manager requires it as `resource`; Okta ignores it. */
  readonly resource?: string
  /**
   * How credentials are sent. Default `clientSecretBasic({ encoding: 'raw' })`; the guides also show `clientSecretPost()`, and
   * some servers require the form-encoded `clientSecretBasic()`.
   */
  readonly clientAuthentication?: ClientAuthentication
}

/** Options of `smartApi`. */
export type SmartApiOptions = SmartApiSettings & {
  /** The product's base URL, used unchanged, for example `https://<host>/<app>/api/v2/SDA`. */
  readonly apiUrl: string | URL
}

/**
 * The provider for any product of Hexagon's Smart API (SDx, Smart Engineering Manager, Smart Materials, ...).
 *
 * @param options the product's URL and its authorization server
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @example
 * ```ts
 * const provider = smartApi({
 *   apiUrl: 'https://sdx.example.com/app/api/v2/SDA',
 *   tokenEndpoint: 'https://sam.example.com/sam/oauth/connect/token',
 * })
 * const client = createClient(provider, { credentials })
 * ```
 * @see {@link https://docs.hexagonppm.com/r/en-US/Intergraph-Smart-Completions-Smart-API-Programmer-s-Getting-Started-Guide-5.3.18/5.3.18/1297391 Client credentials workflow}
 */
export function smartApi(options: SmartApiOptions): Provider {
  return describeSmartApi('smart-api', requireUrl('smart-api', 'apiUrl', options?.apiUrl), options)
}

/** Creates the provider of a product: its grant and the hints for its failures. */
export function describeSmartApi(name: string, api: URL, settings: SmartApiSettings): Provider {
  rejectUnknownOptions(name, settings)
  const { scopes = ['ingr.api'], resource, clientAuthentication = clientSecretBasic({ encoding: 'raw' }) } = settings
  return {
    name,
    ...findAuthorizationServer(name, settings),
    scopes,
    ...(resource === undefined ? {} : { parameters: { resource } }),
    clientAuthentication,
    api,
    explain: (failure) => explainSmartApi(failure, scopes),
  }
}

function findAuthorizationServer(name: string, settings: SmartApiSettings): Pick<Provider, 'tokenEndpoint' | 'issuer'> {
  const { authorizationServer, tokenEndpoint, issuer } = settings
  const given = [authorizationServer, tokenEndpoint, issuer].filter((address) => address !== undefined)
  if (given.length !== 1) {
    throw new NightlatchError(
      'invalid_options',
      `${name}: set exactly one of authorizationServer, tokenEndpoint and issuer, not ${given.length === 0 ? 'none' : given.length}`,
      { provider: name },
    )
  }
  if (issuer !== undefined) return { issuer: requireUrl(name, 'issuer', issuer) }
  if (tokenEndpoint !== undefined) return { tokenEndpoint: requireUrl(name, 'tokenEndpoint', tokenEndpoint) }
  const url = requireUrl(name, 'authorizationServer', authorizationServer)
  url.pathname = appendPath(url.pathname, '/v1/token')
  return { tokenEndpoint: url }
}

/** Validates and copies an option's URL. */
export function requireUrl(name: string, option: string, value: string | URL | undefined): URL {
  const url = value !== undefined && URL.canParse(value) ? new URL(value) : undefined
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url
  throw new NightlatchError('invalid_options', `${name}: ${option} must be an absolute URL that starts with https://`, {
    provider: name,
  })
}

const optionNames = [
  'host',
  'apiUrl',
  'authorizationServer',
  'tokenEndpoint',
  'issuer',
  'scopes',
  'resource',
  'clientAuthentication',
]

/** Rejects misspelt options: with `scope` instead of `scopes`, the token would silently have another scope. */
function rejectUnknownOptions(name: string, settings: SmartApiSettings): void {
  const mistakes = findUnknownOptions(settings, optionNames)
  if (mistakes.length === 0) return
  throw new NightlatchError('invalid_options', `${name}: ${mistakes.join(' ')}`, { provider: name })
}

/** Appends a suffix to a path, unless the path ends with it already. */
export function appendPath(path: string, suffix: string): string {
  let end = path.length
  while (path[end - 1] === '/') end -= 1
  const trimmed = path.slice(0, end)
  return trimmed.endsWith(suffix) ? trimmed : `${trimmed}${suffix}`
}
