import type { Environment } from '../../src/index.ts'
import { type PlatformServer, startPlatformServer } from './platform-server.ts'
import type { TokenIssuer } from './token-issuer.ts'

/** Google's metadata server, as Compute Engine has it. */
export interface GoogleMetadataServer extends PlatformServer {
  readonly environment: Environment
}

/** @see {@link https://cloud.google.com/compute/docs/instances/verifying-instance-identity Google Cloud, Verify VM identity} */
export async function startGoogleMetadataServer(issuer: TokenIssuer, sub: string): Promise<GoogleMetadataServer> {
  const headers = { 'metadata-flavor': 'Google', 'content-type': 'text/html' }
  const accounts = ['default', 'robot@acme.iam.gserviceaccount.com']
  const server = await startPlatformServer(async (request) => {
    if (request.headers['metadata-flavor'] !== 'Google') return { status: 403, body: 'Missing Metadata-Flavor:Google' }
    const [, account = ''] =
      /^\/computeMetadata\/v1\/instance\/service-accounts\/([^/]+)\/identity$/.exec(request.path) ?? []
    if (!accounts.includes(decodeURIComponent(account))) return { status: 404, headers, body: 'not found' }
    const aud = request.query.get('audience')
    if (aud === null) return { status: 400, headers, body: 'non-empty audience parameter required' }
    return { status: 200, headers, body: await issuer.issue({ sub, aud }) }
  })
  return { ...server, environment: { GCE_METADATA_HOST: new URL(server.origin).host } }
}
