import type { AccessToken } from '../acquire/access-token.ts'
import type { DpopProofs } from '../acquire/dpop.ts'
import type { Provider } from '../acquire/provider.ts'
import { tellThrown } from '../acquire/redact.ts'
import { showUrl } from '../acquire/token-endpoint.ts'
import type { TokenSource } from '../cache/token-source.ts'
import { NightlatchError } from '../errors.ts'
import type { Emit } from '../events.ts'

/** What putting tokens onto requests takes, whichever HTTP client makes them. */
export interface RequestTokenParts {
  readonly provider: Provider<unknown>
  readonly token: TokenSource['obtain']
  /** `undefined`: tokens are bound to nothing. */
  readonly dpop: DpopProofs | undefined
  readonly emit: Emit
}

/** Whether nothing but an `Authorization` header carries the token: then it needs no `Headers`, and nobody waits for a proof. */
export function isByAuthorizationAlone({ provider, dpop }: RequestTokenParts): boolean {
  return provider.authorizeRequest === undefined && dpop === undefined
}

/** The value of an `Authorization` header. */
export function authorizationOf({ type, value }: AccessToken): string {
  return `${type} ${value}`
}

/** Puts a token onto one request's headers, as the provider wants it, with a proof of possession where it is bound to a key. */
export async function putToken(
  { provider, dpop }: RequestTokenParts,
  headers: Headers,
  token: AccessToken,
  { url, method }: { readonly url: URL; readonly method: string },
): Promise<void> {
  if (provider.authorizeRequest === undefined) headers.set('authorization', authorizationOf(token))
  else {
    try {
      provider.authorizeRequest(headers, token)
    } catch (failure) {
      throw tellThrown(provider.name, 'authorizeRequest', failure)
    }
  }
  if (dpop !== undefined) headers.set('dpop', await dpop.prove(url, method, token))
}

/** How an answer may lead to another try. */
export interface RepeatOptions {
  /** Ends this caller's wait. */
  readonly signal?: AbortSignal | undefined
  /** Whether the request's body can be sent again; where it cannot, an answer is only learned from. Default true. */
  readonly repeatable?: boolean
}

/** What an API's answer says of the token that it was asked with. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: Pick<Headers, 'get'>
}

/**
 * How often one request may be repeated: once with another token (rule H3), and once with another proof, which holds the nonce
 * that the API asks for, or its time.
 */
export class Repeats {
  readonly #parts: RequestTokenParts
  #mayReplaceToken = true
  #mayRenewProof: boolean

  constructor(parts: RequestTokenParts) {
    this.#parts = parts
    this.#mayRenewProof = parts.dpop !== undefined
  }

  /** Whether any is left. */
  get left(): boolean {
    return this.#mayReplaceToken || this.#mayRenewProof
  }

  /**
   * The token to send the request with once more; `undefined`: the answer stands.
   *
   * @param sent the token it was sent with
   * @throws what a grant fails with, and the signal's reason
   */
  async next(
    { status, headers }: ApiAnswer,
    sent: AccessToken,
    url: URL,
    { signal, repeatable = true }: RepeatOptions = {},
  ): Promise<AccessToken | undefined> {
    const { provider, token, dpop, emit } = this.#parts
    const nonceGiven = dpop?.learn(url, headers.get('dpop-nonce')) === true
    if (status !== 401 || !repeatable) return undefined
    let next: AccessToken
    const challenge = headers.get('www-authenticate')
    const isClockCorrected =
      challengesProof(challenge, 'invalid_dpop_proof') && dpop?.adoptServerTime(url, headers.get('date')) === true
    if (this.#mayRenewProof && (isClockCorrected || (nonceGiven && challengesProof(challenge, 'use_dpop_nonce')))) {
      this.#mayRenewProof = false
      next = sent
    } else {
      if (!this.#mayReplaceToken) return undefined
      this.#mayReplaceToken = false
      next = await token({ signal, rejected: sent })
      // The server handed out the refused token once more: another try would get the same answer.
      if (next.value === sent.value) return undefined
    }
    emit({ type: 'request.repeated', provider: provider.name, url: showUrl(url), status })
    return next
  }
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-7.1 RFC 9449 section 7.1} */
function challengesProof(challenge: string | null, error: 'use_dpop_nonce' | 'invalid_dpop_proof'): boolean {
  return challenge !== null && /\bdpop\b/i.test(challenge) && challenge.includes(error)
}

/** Says that an origin may not see the token, to the caller and to the listener. */
export function refuseOrigin({ name, api }: Provider<unknown>, url: URL, emit: Emit): NightlatchError {
  const error = new NightlatchError(
    'origin_refused',
    `${name}: ${url.origin} may not see the token: it is neither the API's origin${typeof api === 'function' ? ' (as far as client.api() or client.info() has discovered it)' : ''} nor one of the provider's apiOrigins${url.protocol === 'http:' ? ', and it is not https' : ''}`,
    { provider: name },
  )
  emit({ type: 'origin.refused', provider: name, origin: url.origin, error })
  return error
}
