import type { AssertionSource } from '@nightlatch/core'
import { type Environment, findVariable } from './environment.ts'
import { namedSource } from './named-source.ts'
import { rejectUnknownOptions, requireSecureUrl, requireText, requireUrl } from './options.ts'
import { type JwtRequest, readMember, requestJwt } from './request-jwt.ts'

/** Options of `azureManagedIdentity`. */
export interface AzureManagedIdentityOptions {
  /** The `aud` claim, which Azure calls the resource. Default `'api://AzureADTokenExchange'`, for an app registration that trusts the identity. */
  readonly audience?: string
  /** The client id of a user-assigned identity. Default: the system-assigned identity, or the only user-assigned one. */
  readonly clientId?: string
  /** Where the Instance Metadata Service is. Default `http://169.254.169.254`; on App Service and Functions the variable `IDENTITY_ENDPOINT`. */
  readonly endpoint?: string | URL
  /** The environment variables. Default: those of this process. */
  readonly environment?: Environment
  /** The transport. Default: the runtime's `fetch`. */
  readonly fetch?: typeof globalThis.fetch
}

/**
 * The token of a managed identity of Azure: on App Service and Functions from the endpoint in `IDENTITY_ENDPOINT`, elsewhere from
 * the Instance Metadata Service.
 *
 * @returns a source that throws NightlatchError `invalid_options` if Azure rejects the request, `endpoint_unavailable` outside Azure and while the service is updated
 * @example
 * ```ts
 * const clientAuthentication = clientAssertion(azureManagedIdentity())
 * ```
 * @see {@link https://learn.microsoft.com/en-us/entra/identity/managed-identities-azure-resources/how-to-use-vm-token Microsoft, Managed identities on a VM}
 * @see {@link https://learn.microsoft.com/en-us/azure/app-service/overview-managed-identity Microsoft, Managed identities for App Service and Functions}
 */
export function azureManagedIdentity(options: AzureManagedIdentityOptions = {}): AssertionSource {
  rejectUnknownOptions('azureManagedIdentity', options, ['audience', 'clientId', 'endpoint', 'environment', 'fetch'])
  const { audience = 'api://AzureADTokenExchange', clientId, fetch } = options
  requireText('azureManagedIdentity: audience', audience)
  if (clientId !== undefined) requireText('azureManagedIdentity: clientId', clientId)
  const identity = clientId === undefined ? 'a managed identity' : `the managed identity ${clientId}`
  return namedSource(`Azure, ${identity} for ${audience}`, async () => {
    const { url, version, ...service } = findAppService(options) ?? findInstanceMetadata(options)
    const parameters = {
      resource: audience,
      'api-version': version,
      ...(clientId !== undefined && { client_id: clientId }),
    }
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    return await requestJwt({
      ...service,
      url,
      fetch,
      wayOut: `Is ${identity} assigned to this workload, and is the audience \`${audience}\` known in its tenant?`,
      readJwt: (body) => readMember(body, 'access_token'),
    })
  })
}

type TokenService = Pick<JwtRequest, 'platform' | 'url' | 'headers' | 'transientStatuses'> & {
  readonly version: string
}

function findAppService({ endpoint, environment }: AzureManagedIdentityOptions): TokenService | undefined {
  const address = findVariable('IDENTITY_ENDPOINT', environment)
  const header = findVariable('IDENTITY_HEADER', environment)
  if (endpoint !== undefined || address === undefined || header === undefined) return undefined
  return {
    platform: 'Azure App Service',
    url: requireSecureUrl('IDENTITY_ENDPOINT', address),
    headers: { 'x-identity-header': header },
    version: '2019-08-01',
  }
}

function findInstanceMetadata({ endpoint = 'http://169.254.169.254' }: AzureManagedIdentityOptions): TokenService {
  const url = requireUrl('azureManagedIdentity: endpoint', endpoint)
  url.pathname = '/metadata/identity/oauth2/token'
  return {
    platform: 'Azure',
    url,
    headers: { metadata: 'true' },
    version: '2018-02-01',
    // While the service is updated: 404 for a moment, 410 for at most 70 seconds.
    transientStatuses: [404, 410],
  }
}
