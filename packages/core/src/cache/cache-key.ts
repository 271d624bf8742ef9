import { methodName } from '../acquire/authentication-method.ts'
import { choosesAuthenticationLater, type Provider } from '../acquire/provider.ts'
import type { GrantRequest } from '../acquire/token-request.ts'
import { toBase64Url } from '../platform/base64.ts'

/** What distinguishes one token from another. The secret does not, so that it can be rotated. */
export interface TokenIdentity {
  readonly provider: Provider
  /** The token endpoint, or the issuer whose metadata names it. */
  readonly endpoint: string
  /** `undefined`: the server finds the client by its assertion. */
  readonly clientId: string | undefined
  /** Issuer and subject of the assertion; `undefined` if the client authentication has no source. */
  readonly subject?: string | undefined
  /** Thumbprint of the key that the token is bound to; `undefined` if it is not bound. */
  readonly thumbprint?: string | undefined
  readonly grant: GrantRequest
}

/**
 * The store key of an identity, which is a hash and holds no secret (rule L3). Lists are nested, never joined, so that
 * different identities have different keys.
 */
export async function cacheKey({
  provider,
  endpoint,
  clientId,
  subject,
  thumbprint,
  grant,
}: TokenIdentity): Promise<string> {
  const identity = [
    provider.name,
    endpoint,
    clientId ?? null,
    methodName(provider.clientAuthentication, choosesAuthenticationLater(provider)),
    Object.entries(provider.tokenRequest ?? {}).sort(byName),
    grantIdentity(grant),
    ...(thumbprint === undefined ? [] : [thumbprint]),
    ...(subject === undefined ? [] : [{ subject }]),
  ]
  const digest = await crypto.subtle.digest(
    'SHA-256',
    new TextEncoder().encode(JSON.stringify(identity, withoutFunctions)),
  )
  return `v1.${toBase64Url(new Uint8Array(digest))}`
}

/** Leaves out the function of a header, whose name stays: it returns another value for each request. */
function withoutFunctions(_name: string, value: unknown): unknown {
  return typeof value === 'function' ? null : value
}

/** A grant in a canonical form: the order of scopes and parameters does not matter. */
export function grantIdentity({ scopes, parameters }: GrantRequest): string {
  return JSON.stringify([[...scopes].sort(), Object.entries(parameters).sort(byName)])
}

/** Names are unique within an object, so they are never equal. */
function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}
