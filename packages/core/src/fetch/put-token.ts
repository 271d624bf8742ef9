import type { AccessToken } from '../acquire/access-token.ts'
import type { DpopProofs } from '../acquire/dpop.ts'
import type { Provider } from '../acquire/provider.ts'
import { redactTypeError, withLabel } from '../errors.ts'
import type { Emit } from '../events.ts'
import type { AllowedOrigins } from './allowed-origins.ts'
import type { RequestTokens } from './request-tokens.ts'

/** Sets a token on a request's headers in the provider's form, with a DPoP proof if the token is bound to a key. */
export async function putToken(
  { provider, dpop, label }: RequestTokenParts,
  headers: Headers,
  token: AccessToken,
  { url, method }: { readonly url: URL; readonly method: string },
): Promise<void> {
  if (provider.authorizeRequest === undefined) headers.set('authorization', authorizationOf(token))
  else {
    try {
      provider.authorizeRequest(headers, token)
    } catch (failure) {
      throw withLabel(redactTypeError(provider.name, 'authorizeRequest', failure), label)
    }
  }
  if (dpop !== undefined) headers.set('dpop', await dpop.prove(url, method, token))
}

/** The dependencies of requests with a token, for any HTTP client. */
export interface RequestTokenParts {
  readonly provider: Provider
  readonly tokens: RequestTokens
  readonly origins: AllowedOrigins
  /** `undefined`: tokens are not bound to a key. */
  readonly dpop: DpopProofs | undefined
  readonly emit: Emit
  /** The client's label, if it has one. */
  readonly label?: string | undefined
}

/** Whether only the `Authorization` header carries the token. Then a request needs neither `Headers` nor a proof. */
export function isBearerOnly({ provider, dpop }: RequestTokenParts): boolean {
  return provider.authorizeRequest === undefined && dpop === undefined
}

/** The value of an `Authorization` header. */
export function authorizationOf({ type, value }: AccessToken): string {
  return `${type} ${value}`
}

/** The secret part of a header's value: what follows the scheme. */
export function credentialsIn(value: string | null | undefined): string {
  return value?.slice(value.lastIndexOf(' ') + 1) ?? ''
}
