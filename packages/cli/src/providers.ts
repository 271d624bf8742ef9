import { type ClientAuthentication, clientSecretBasic, clientSecretPost, type Provider } from '@nightlatch/core'
import type { AuthorizationServerAddress, SmartApiOptions } from '@nightlatch/hexagon'
import type { Prevu3dInfo } from '@nightlatch/prevu3d'
import type { Setting, Settings, SettingsPlan } from './settings.ts'

/** A built-in provider of the command line. */
export interface KnownProvider extends SettingsPlan {
  readonly secretVariable: string
  /** Loads the provider's package, and describes the provider. */
  describe(settings: Settings): Provider | Promise<Provider>
  /** Placeholders in paths, and functions that read their values from the discovered info. */
  readonly placeholders: Readonly<Record<string, (info: unknown) => string>>
}

const clientSecretFile: Setting = {
  name: 'clientSecretFile',
  flag: '--client-secret-file <path>',
  description: 'file with the client secret, - reads stdin; default PREVU3D_CLIENT_SECRET or HEXAGON_CLIENT_SECRET',
}

const prevu3dProvider: KnownProvider = {
  name: 'prevu3d',
  title: 'Prevu3D RealityConnect',
  secretVariable: 'PREVU3D_CLIENT_SECRET',
  settings: [
    { name: 'clientId', flag: '--client-id <id>', variable: 'PREVU3D_CLIENT_ID', description: 'client id' },
    clientSecretFile,
    {
      name: 'cloudApiUrl',
      flag: '--cloud-api-url <url>',
      variable: 'PREVU3D_CLOUD_API_URL',
      description: 'address that issues tokens; default https://cloud-api.prevu3d.com',
      isUrl: true,
    },
    {
      name: 'apiOrigin',
      flag: '--api-origin <origin>',
      description: "an additional allowed origin for the token, besides Prevu3D's own; repeatable",
      isRepeatable: true,
    },
  ],
  needs: [['clientId']],
  async describe({ cloudApiUrl, apiOrigin }) {
    const { prevu3d } = await import('@nightlatch/prevu3d')
    const address = cloudApiUrl === undefined ? {} : { cloudApiUrl }
    const provider = prevu3d(address)
    if (apiOrigin === undefined) return provider
    return prevu3d({ ...address, apiOrigins: [...(provider.apiOrigins ?? []), ...apiOrigin.split(' ')] })
  },
  // Spelled as in the vendor's guide, so that its paths can be pasted.
  placeholders: { '{organization_id}': (info) => (info as Prevu3dInfo).organization.id },
}

const hexagonClientId: Setting = {
  name: 'clientId',
  flag: '--client-id <id>',
  variable: 'HEXAGON_CLIENT_ID',
  description: 'client id',
}

const clientAuthentications: Readonly<Record<string, () => ClientAuthentication>> = {
  'basic-raw': () => clientSecretBasic({ encoding: 'raw' }),
  'basic-form': () => clientSecretBasic({ encoding: 'form' }),
  post: () => clientSecretPost(),
}

const hexagonSettings: readonly Setting[] = [
  {
    name: 'authorizationServer',
    flag: '--authorization-server <url>',
    variable: 'HEXAGON_AUTHORIZATION_SERVER',
    description: "authorization server with Okta's paths: the token endpoint is <url>/v1/token",
    isUrl: true,
  },
  {
    name: 'tokenEndpoint',
    flag: '--token-endpoint <url>',
    variable: 'HEXAGON_TOKEN_ENDPOINT',
    description: 'or the token endpoint, used unchanged',
    isUrl: true,
  },
  {
    name: 'issuer',
    flag: '--issuer <url>',
    description: 'or an issuer, whose metadata names the token endpoint',
    isUrl: true,
  },
  {
    name: 'scope',
    flag: '--scope <scopes>',
    variable: 'HEXAGON_SCOPE',
    description: "scopes, separated by spaces; default ingr.api, '' for none",
  },
  {
    name: 'resource',
    flag: '--resource <id>',
    variable: 'HEXAGON_RESOURCE',
    description: 'service id, if Smart API Manager requires one',
  },
  {
    name: 'clientAuthentication',
    flag: '--client-authentication <method>',
    description: 'how the secret is sent; default basic-raw',
    choices: Object.keys(clientAuthentications),
  },
]

const smartCompletionsProvider: KnownProvider = {
  name: 'smart-completions',
  title: 'Hexagon Smart Completions',
  secretVariable: 'HEXAGON_CLIENT_SECRET',
  settings: [
    hexagonClientId,
    clientSecretFile,
    {
      name: 'host',
      flag: '--host <url>',
      variable: 'HEXAGON_HOST',
      description: 'address of the installation; its API is at <url>/sc/datalake/v1',
      isUrl: true,
    },
    ...hexagonSettings,
  ],
  needs: [['clientId'], ['host'], ['authorizationServer', 'tokenEndpoint', 'issuer']],
  async describe(settings) {
    const { smartCompletions } = await import('@nightlatch/hexagon')
    return smartCompletions({ host: settings.host ?? '', ...readSmartApi(settings) })
  },
  placeholders: {},
}

const smartApiProvider: KnownProvider = {
  name: 'smart-api',
  title: 'any other product behind the Hexagon Smart API',
  secretVariable: 'HEXAGON_CLIENT_SECRET',
  settings: [
    hexagonClientId,
    clientSecretFile,
    {
      name: 'apiUrl',
      flag: '--api-url <url>',
      variable: 'HEXAGON_API_URL',
      description: "the product's base URL",
      isUrl: true,
    },
    ...hexagonSettings,
  ],
  needs: [['clientId'], ['apiUrl'], ['authorizationServer', 'tokenEndpoint', 'issuer']],
  async describe(settings) {
    const { smartApi } = await import('@nightlatch/hexagon')
    return smartApi({ apiUrl: settings.apiUrl ?? '', ...readSmartApi(settings) })
  },
  placeholders: {},
}

/** Options that all products behind the Smart API share. */
function readSmartApi(settings: Settings): Omit<SmartApiOptions, 'apiUrl'> & AuthorizationServerAddress {
  const { scope, resource, clientAuthentication } = settings
  const authenticate = clientAuthentications[clientAuthentication ?? '']
  return {
    ...readAuthorizationServer(settings),
    ...(scope === undefined ? {} : { scopes: scope.split(/\s+/).filter(Boolean) }),
    ...(resource === undefined ? {} : { resource }),
    ...(authenticate === undefined ? {} : { clientAuthentication: authenticate() }),
  }
}

/** Reads the one address that is set; `needs` ensures that exactly one is. */
function readAuthorizationServer(settings: Settings): AuthorizationServerAddress {
  const { authorizationServer, tokenEndpoint, issuer } = settings
  if (issuer !== undefined) return { issuer }
  if (tokenEndpoint !== undefined) return { tokenEndpoint }
  return { authorizationServer: authorizationServer ?? '' }
}

/** The built-in providers. */
export const knownProviders: readonly KnownProvider[] = [prevu3dProvider, smartCompletionsProvider, smartApiProvider]
