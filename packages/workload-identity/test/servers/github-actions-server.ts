import type { Environment } from '../../src/index.ts'
import { type PlatformServer, startPlatformServer } from './platform-server.ts'
import type { TokenIssuer } from './token-issuer.ts'

/** The endpoint that a GitHub Actions job gets its OpenID Connect token from, and the job's environment. */
export interface GithubActionsServer extends PlatformServer {
  readonly environment: Environment
  readonly requestToken: string
}

/** @see {@link https://docs.github.com/en/actions/reference/security/oidc GitHub, OpenID Connect reference} */
export async function startGithubActionsServer(issuer: TokenIssuer, sub: string): Promise<GithubActionsServer> {
  const requestToken = 'MARKED-github-request-token'
  const server = await startPlatformServer(async ({ method, path, query, headers }) => {
    if (method !== 'GET' || path !== '/runs/7/idtoken') return { status: 404, body: { message: 'not found' } }
    if (headers.authorization !== `Bearer ${requestToken}`) return { status: 401, body: { message: 'unauthorized' } }
    const aud = query.get('audience') ?? 'https://github.com/acme'
    return { status: 200, body: { count: 1, value: await issuer.issue({ sub, aud }) } }
  })
  return {
    ...server,
    requestToken,
    environment: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${server.origin}/runs/7/idtoken?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
    },
  }
}
