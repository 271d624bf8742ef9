import { methodName } from '../acquire/client-authentication.ts'
import { choosesAuthenticationLater, type Provider } from '../acquire/provider.ts'
import type { GrantRequest } from '../acquire/token-request.ts'

/** Everything that makes two tokens different ones; not the secret, for two secrets of a client are one identity. */
export interface TokenIdentity {
  readonly provider: Provider
  /** The token endpoint, or the issuer whose metadata names it. */
  readonly endpoint: string
  readonly clientId: string
  /** Of the key that the token is bound to; `undefined`: none. */
  readonly thumbprint?: string | undefined
  readonly grant: GrantRequest
}

/**
 * The key a token is kept under: equal for equal identities, different for different ones (lists are nested, never joined;
 * case is kept), hashed, without a secret (rule L3).
 */
export async function cacheKey({ provider, endpoint, clientId, thumbprint, grant }: TokenIdentity): Promise<string> {
  const identity = [
    provider.name,
    endpoint,
    clientId,
    methodName(provider.clientAuthentication, choosesAuthenticationLater(provider)),
    Object.entries(provider.tokenRequest ?? {}).sort(byName),
    grantIdentity(grant),
    ...(thumbprint === undefined ? [] : [thumbprint]),
  ]
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(identity, withoutWork)))
  return `v1.${btoa(String.fromCharCode(...new Uint8Array(digest)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace('=', '')}`
}

/** Of a header that a function makes anew for each request the name counts, and not what it makes. */
function withoutWork(_name: string, value: unknown): unknown {
  return typeof value === 'function' ? null : value
}

/** What is asked for, in one form for all its spellings: scopes in any order are the same scopes. */
export function grantIdentity({ scopes, parameters }: GrantRequest): string {
  return JSON.stringify([[...scopes].sort(), Object.entries(parameters).sort(byName)])
}

/** No two members of an object have one name. */
function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}
