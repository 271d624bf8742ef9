import type { AccessToken } from '../acquire/access-token.ts'
import type { DpopProofs } from '../acquire/dpop.ts'
import type { Provider } from '../acquire/provider.ts'
import { redactTypeError, showUrl, withLabel } from '../errors.ts'
import type { Emit } from '../events.ts'
import type { AllowedOrigins } from './allowed-origins.ts'
import type { RequestTokens } from './request-tokens.ts'
import { type ApiAnswer, isTokenRejected } from './token-rejection.ts'

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

/** Options of handling one response. */
export interface RepeatOptions {
  /** Ends this caller's wait. */
  readonly signal?: AbortSignal | undefined
  /** Whether the request's body can be sent again. If not, a rejected token is replaced for the next request. Default `true`. */
  readonly repeatable?: boolean
}

/**
 * Counts how often one request may be repeated. Each of these allows it once: another token (rule H3), a DPoP proof with the
 * API's nonce, and a proof with the API's time.
 */
export class Repeats {
  readonly #parts: RequestTokenParts
  #mayReplaceToken = true
  #mayAddNonce: boolean
  #mayCorrectClock: boolean

  constructor(parts: RequestTokenParts) {
    this.#parts = parts
    this.#mayAddNonce = parts.dpop !== undefined
    this.#mayCorrectClock = parts.dpop !== undefined
  }

  /** Whether the request may be repeated once more. */
  get left(): boolean {
    return this.#mayReplaceToken || this.#mayAddNonce || this.#mayCorrectClock
  }

  /**
   * Finds the token to send the request with again.
   *
   * @param sent the token that the request was sent with
   * @returns `undefined` if the response is final
   * @throws the error of a grant, or the signal's reason
   */
  async next(
    answer: ApiAnswer,
    sent: AccessToken,
    url: URL,
    { signal, repeatable = true }: RepeatOptions = {},
  ): Promise<AccessToken | undefined> {
    const { provider, tokens, dpop, emit, label } = this.#parts
    const { status, headers } = answer
    const nonceGiven = dpop?.learn(url, headers.get('dpop-nonce')) === true
    let next: AccessToken
    const challenge = status === 401 ? headers.get('www-authenticate') : null
    if (this.#mayAddNonce && nonceGiven && challengesProof(challenge, 'use_dpop_nonce')) {
      if (!repeatable) return undefined
      this.#mayAddNonce = false
      next = sent
    } else if (
      this.#mayCorrectClock &&
      challengesProof(challenge, 'invalid_dpop_proof') &&
      this.#correctClock(url, headers)
    ) {
      if (!repeatable) return undefined
      this.#mayCorrectClock = false
      next = sent
    } else {
      if (!isTokenRejected(provider, answer)) {
        tokens.accept(status, url.href)
        return undefined
      }
      if (!this.#mayReplaceToken) return undefined
      if (!repeatable) {
        tokens.reject(sent, url)
        return undefined
      }
      this.#mayReplaceToken = false
      next = await tokens.replace(sent, signal, url)
      // There is no other token now, or the server granted the rejected one once more: the answer would be the same.
      if (next.value === sent.value) return undefined
    }
    const labelled = label !== undefined && { label }
    emit({ type: 'request.repeated', provider: provider.name, ...labelled, url: showUrl(url), status })
    return next
  }

  /** Whether the next proof has another time than the one that was sent; a concurrent request may have corrected it already. */
  #correctClock(url: URL, headers: ApiAnswer['headers']): boolean {
    const { dpop } = this.#parts
    return dpop !== undefined && (dpop.adoptServerTime(url, headers.get('date')) || dpop.clockOffset(url) !== 0)
  }
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-7.1 RFC 9449 section 7.1} */
function challengesProof(challenge: string | null, error: 'use_dpop_nonce' | 'invalid_dpop_proof'): boolean {
  return challenge !== null && /\bdpop\b/i.test(challenge) && challenge.includes(error)
}
