import type { AccessToken } from '../acquire/access-token.ts'
import type { DpopProofs } from '../acquire/dpop.ts'
import type { Provider } from '../acquire/provider.ts'
import { showUrl } from '../errors.ts'
import { clientFields } from '../events.ts'
import type { RequestTokenParts } from './put-token.ts'

/**
 * Decides by the API's response whether a request is sent again. It is once with another token (rule H3), once with a DPoP proof
 * that has the API's nonce, and once with one that has the API's time.
 */
export class Repeats {
  readonly #parts: RequestTokenParts
  #mayReplaceToken = true
  #mayAddNonce: boolean
  /** The proofs whose time may be corrected; `undefined` if there are none, or if it was done. */
  #uncorrected: DpopProofs | undefined

  constructor(parts: RequestTokenParts) {
    this.#parts = parts
    this.#mayAddNonce = parts.dpop !== undefined
    this.#uncorrected = parts.dpop
  }

  /** Whether the request may be repeated once more. */
  get left(): boolean {
    return this.#mayReplaceToken || this.#mayAddNonce || this.#uncorrected !== undefined
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
      this.#uncorrected !== undefined &&
      challengesProof(challenge, 'invalid_dpop_proof') &&
      correctClock(this.#uncorrected, url, headers)
    ) {
      if (!repeatable) return undefined
      this.#uncorrected = undefined
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
    emit({ type: 'request.repeated', ...clientFields(provider.name, label), url: showUrl(url), status })
    return next
  }
}

/** Whether the next proof has another time than the one that was sent; a concurrent request may have corrected it already. */
function correctClock(dpop: DpopProofs, url: URL, headers: ApiAnswer['headers']): boolean {
  return dpop.adoptServerTime(url, headers.get('date')) || dpop.clockOffset(url) !== 0
}

/** Options of handling one response. */
export interface RepeatOptions {
  /** Ends this caller's wait. */
  readonly signal?: AbortSignal | undefined
  /** Whether the request's body can be sent again. If not, a rejected token is replaced for the next request. Default `true`. */
  readonly repeatable?: boolean
}

/** The part of an API's response that says whether to repeat the request. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: Pick<Headers, 'get'>
  /** Parsed JSON; `undefined` if it was not read. */
  readonly body?: unknown
}

/** Whether a response means that the API rejected the token. */
export function isTokenRejected({ tokenRejection }: Provider<unknown>, answer: ApiAnswer): boolean {
  const { status, headers, body } = answer
  if (tokenRejection === undefined) return status === 401
  const { statuses = defaultStatuses, body: judge } = tokenRejection
  if (statuses.includes(status)) return true
  if (judge === undefined || body === undefined) return false
  try {
    return judge(body, { status, headers: headers as Headers }) === true
  } catch {
    // A function that throws on an unexpected body has not recognised a rejection.
    return false
  }
}

/** RFC 6750 section 3.1. */
const defaultStatuses: readonly number[] = [401]

/** @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-7.1 RFC 9449 section 7.1} */
function challengesProof(challenge: string | null, error: 'use_dpop_nonce' | 'invalid_dpop_proof'): boolean {
  return challenge !== null && /\bdpop\b/i.test(challenge) && challenge.includes(error)
}

/**
 * Reads a response's JSON from a copy, so that the caller can still read the response.
 *
 * @returns `undefined` if the body is not JSON, is longer than 64 KiB or fails
 */
export async function readJsonCopy(response: Response): Promise<unknown> {
  const { headers } = response
  if (!mayBeJson(headers.get('content-type') ?? '')) return undefined
  if (Number(headers.get('content-length')) > maxJsonBytes) return undefined
  const reader = response.clone().body?.getReader()
  if (reader === undefined) return undefined
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (let size = 0; ; ) {
      const { done, value } = await reader.read()
      if (done) return JSON.parse(text + decoder.decode())
      size += value.byteLength
      text += decoder.decode(value, { stream: true })
      if (size > maxJsonBytes || !beginsAsJson(text)) break
    }
  } catch {
    // What fails, or is not JSON, needs no more reading either.
  }
  // Not awaited, because cancelling one branch of a cloned body settles only when the other is read.
  void reader.cancel().catch(() => {})
  return undefined
}

/** A longer JSON body is not read, because an error body is short. */
const maxJsonBytes = 65_536

/** Whether a body may be JSON: servers also send it as text or without a type (rule R6). Event streams are left alone. */
function mayBeJson(contentType: string): boolean {
  const type = contentType.replace(/;.*/, '').trim().toLowerCase()
  return ['', 'application/json', 'text/json', 'text/plain'].includes(type) || type.endsWith('+json')
}

function beginsAsJson(text: string): boolean {
  const begin = text.trimStart()
  return begin === '' || begin.startsWith('{') || begin.startsWith('[')
}
