import { createLocalJWKSet, decodeJwt, type JWTPayload, jwtVerify } from 'jose'
import { type PlatformResponse, type PlatformServer, startPlatformServer } from './platform-server.ts'
import type { TokenIssuer } from './token-issuer.ts'

/** What is registered for a client: the values that a JWT must have. */
export interface FederatedCredential {
  readonly issuer: TokenIssuer
  readonly subject: string
  readonly audience: string
  /** Required in the request, as Entra does; absent: the server finds the client by the JWT, as Keycloak does. */
  readonly clientId?: string
}

/** A token endpoint that accepts JWTs of a platform as client assertions, after it checked signature, issuer, subject and audience. */
export async function startFederatedServer(credential: FederatedCredential): Promise<PlatformServer> {
  const { issuer, subject, audience, clientId } = credential
  const keys = createLocalJWKSet(issuer.jwks as Parameters<typeof createLocalJWKSet>[0])
  let granted = 0
  return await startPlatformServer(async ({ method, path, form }) => {
    if (method !== 'POST' || path !== '/token') return { status: 404 }
    const type = form.get('client_assertion_type') ?? ''
    const isClientAssertion = /^urn:ietf:params:oauth:client-assertion-type:jwt-(bearer|spiffe)$/.test(type)
    const isGrant = form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer'
    if (!isGrant && form.get('grant_type') !== 'client_credentials')
      return reject('unsupported_grant_type', 'wrong grant')
    if (!isGrant && !isClientAssertion) return reject('invalid_request', 'no assertion of a known type')
    if (clientId !== undefined && form.get('client_id') !== clientId) return reject('invalid_client', 'wrong client id')
    const jwt = form.get(isGrant ? 'assertion' : 'client_assertion') ?? ''
    try {
      await jwtVerify(jwt, keys, { issuer: issuer.issuer, subject, audience })
    } catch {
      return reject(isGrant ? 'invalid_grant' : 'invalid_client', describe(jwt))
    }
    granted += 1
    return { status: 200, body: { access_token: `token-${granted}`, token_type: 'Bearer', expires_in: 600 } }
  })
}

/** As Entra says it: with the claims that were presented. */
function describe(jwt: string): string {
  let claims: JWTPayload = {}
  try {
    claims = decodeJwt(jwt)
  } catch {
    // No JWT at all.
  }
  const { iss, sub, aud } = claims
  return `No matching federated identity record found for presented assertion. Assertion Issuer: '${iss}'. Assertion Subject: '${sub}'. Assertion Audience: '${aud}'.`
}

function reject(error: string, description: string): PlatformResponse {
  return { status: 400, body: { error, error_description: description } }
}
