import type { Environment } from '../../src/index.ts'
import {
  type PlatformRequest,
  type PlatformResponse,
  type PlatformServer,
  startPlatformServer,
} from './platform-server.ts'
import type { TokenIssuer } from './token-issuer.ts'

/** The audiences that the tenant knows, and the client id of the user-assigned identity. */
const audiences = ['api://AzureADTokenExchange', 'https://vault.azure.net']
export const assignedIdentity = '5e29463d-71da-4fe0-8e69-999b57db23b0'

async function issueToken(issuer: TokenIssuer, sub: string, { query }: PlatformRequest): Promise<PlatformResponse> {
  const resource = query.get('resource') ?? ''
  if (!audiences.includes(resource)) {
    const description = `AADSTS50001: The application named ${resource} wasn't found in the tenant named acme.`
    return { status: 400, body: { error: 'invalid_resource', error_description: description } }
  }
  const clientId = query.get('client_id')
  if (clientId !== null && clientId !== assignedIdentity) {
    return { status: 400, body: { error: 'invalid_request', error_description: 'Identity not found' } }
  }
  const accessToken = await issuer.issue({ sub, aud: resource })
  return { status: 200, body: { access_token: accessToken, expires_in: '600', resource, token_type: 'Bearer' } }
}

/**
 * Azure's Instance Metadata Service.
 *
 * @see {@link https://learn.microsoft.com/en-us/entra/identity/managed-identities-azure-resources/how-to-use-vm-token Microsoft, Managed identities on a VM}
 */
export async function startInstanceMetadataServer(issuer: TokenIssuer, sub: string): Promise<PlatformServer> {
  return await startPlatformServer(async (request) => {
    const { headers, path, query } = request
    if (path !== '/metadata/identity/oauth2/token') return { status: 404, body: { error: 'not_found' } }
    if (headers.metadata !== 'true') {
      const description = 'Required metadata header not specified'
      return { status: 400, body: { error: 'bad_request_102', error_description: description } }
    }
    if (query.get('api-version') !== '2018-02-01') return { status: 400, body: { error: 'bad_request_101' } }
    return await issueToken(issuer, sub, request)
  })
}

/** The token service of App Service and Functions, and the app's environment. */
export interface AppServiceServer extends PlatformServer {
  readonly environment: Environment
  readonly identityHeader: string
}

/** @see {@link https://learn.microsoft.com/en-us/azure/app-service/overview-managed-identity Microsoft, Managed identities for App Service and Functions} */
export async function startAppServiceServer(issuer: TokenIssuer, sub: string): Promise<AppServiceServer> {
  const identityHeader = 'MARKED-853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a'
  const server = await startPlatformServer(async (request) => {
    const { headers, path, query } = request
    if (path !== '/MSI/token') return { status: 404, body: { error: 'not_found' } }
    if (headers['x-identity-header'] !== identityHeader) return { status: 401, body: { error: 'unauthorized' } }
    if (query.get('api-version') !== '2019-08-01') return { status: 400, body: { error: 'unsupported_version' } }
    return await issueToken(issuer, sub, request)
  })
  return {
    ...server,
    identityHeader,
    environment: { IDENTITY_ENDPOINT: `${server.origin}/MSI/token`, IDENTITY_HEADER: identityHeader },
  }
}
