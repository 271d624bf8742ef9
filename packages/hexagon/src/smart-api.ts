import {
  type ClientAuthentication,
  clientSecretBasic,
  findUnknownOptions,
  NightlatchError,
  type Provider,
} from '@nightlatch/core'
import { explainSmartApi } from './explain.ts'

/** Where the Smart API's identity provider takes token requests: exactly one of three. */
export type AuthorizationServerAddress =
  | {
      /** An Okta-shaped authorization server: tokens come from `<this>/v1/token`, which is appended unless it is there. */
      readonly authorizationServer: string | URL
      readonly tokenEndpoint?: undefined
      readonly issuer?: undefined
    }
  | {
      /** The token endpoint, used untouched; Smart API Manager's is `https://<server>/sam/oauth/connect/token`. */
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

/** What every product behind the Smart API needs to know. */
export type SmartApiSettings = AuthorizationServerAddress & {
  /** Scopes, as the installation has them: `ingr.api`, a service id (a GUID), or both; case counts. Default `['ingr.api']`. */
  readonly scopes?: readonly string[]
  /** The service id, for installations whose Smart API Manager wants it as `resource`; Okta ignores it. */
  readonly resource?: string
  /**
   * The guides show the credentials in a Basic header on one page and in the form on another. Default
   * `clientSecretBasic({ encoding: 'raw' })`; otherwise `clientSecretPost()`, or `clientSecretBasic()` for a server that decodes.
   */
  readonly clientAuthentication?: ClientAuthentication
}

/** A product behind the Smart API. */
export type SmartApiOptions = SmartApiSettings & {
  /** The product's base URL, as given: `https://<host>/<app>/api/v2/SDA`. */
  readonly apiUrl: string | URL
}

/**
 * Any product behind Hexagon's Smart API (SDx, Smart Engineering Manager, Smart Materials, ...).
 *
 * @throws NightlatchError `invalid_options`
 * @see {@link https://docs.hexagonppm.com/r/en-US/Intergraph-Smart-Completions-Smart-API-Programmer-s-Getting-Started-Guide-5.3.18/5.3.18/1297391 Client credentials workflow}
 */
export function smartApi(options: SmartApiOptions): Provider {
  return describeSmartApi('smart-api', requireUrl('smart-api', 'apiUrl', options?.apiUrl), options)
}

/** What all products have in common: the grant, and what its failures mean. */
export function describeSmartApi(name: string, api: URL, settings: SmartApiSettings): Provider {
  refuseUnknown(name, settings)
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
      `${name}: exactly one of authorizationServer, tokenEndpoint and issuer is needed; there ${given.length === 0 ? 'is none' : `are ${given.length}`}`,
      { provider: name },
    )
  }
  if (issuer !== undefined) return { issuer: requireUrl(name, 'issuer', issuer) }
  if (tokenEndpoint !== undefined) return { tokenEndpoint: requireUrl(name, 'tokenEndpoint', tokenEndpoint) }
  const url = requireUrl(name, 'authorizationServer', authorizationServer)
  url.pathname = appendPath(url.pathname, '/v1/token')
  return { tokenEndpoint: url }
}

/** A copy of an option's URL. */
export function requireUrl(name: string, option: string, value: string | URL | undefined): URL {
  const url = value !== undefined && URL.canParse(value) ? new URL(value) : undefined
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url
  throw new NightlatchError('invalid_options', `${name}: ${option} must be an absolute URL, https:// and all`, {
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

/** Without this check a misspelt option has no effect: with `scope`, the token has other scopes than were meant. */
function refuseUnknown(name: string, settings: SmartApiSettings): void {
  const mistakes = findUnknownOptions(settings, optionNames)
  if (mistakes.length === 0) return
  throw new NightlatchError('invalid_options', `${name}: ${mistakes.join(' ')}`, { provider: name })
}

/** A path with a suffix, which is not doubled where it is there already. */
export function appendPath(path: string, suffix: string): string {
  let end = path.length
  while (path[end - 1] === '/') end -= 1
  const trimmed = path.slice(0, end)
  return trimmed.endsWith(suffix) ? trimmed : `${trimmed}${suffix}`
}
