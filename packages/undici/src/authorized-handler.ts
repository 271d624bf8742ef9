import { type Authorization, NightlatchError, type Provider } from '@nightlatch/core'
import type { Dispatcher } from 'undici'
import { type AbortSource, withSignal } from './abort-source.ts'
import { beginsAsJson, mayBeJson, parseJson } from './json-body.ts'
import { addHeaders, carriesAuthorization, carriesProof, type ReadableHeaders, toGiven } from './request-headers.ts'

type Controller = Dispatcher.DispatchController
type Handler = Dispatcher.DispatchHandler
type ResponseHeaders = Parameters<NonNullable<Handler['onResponseStart']>>[2]
type Upgraded = Parameters<NonNullable<Handler['onRequestUpgrade']>>[3]

/** What all requests of one interceptor share. */
export interface Traits {
  readonly provider: Provider<unknown>
  /** Whether tokens are bound to a key (DPoP), so that every response may carry a nonce. */
  readonly isBound: boolean
  /** Whether only the `Authorization` header carries the token. */
  readonly isBearerOnly: boolean
  /** The statuses that mean that the API rejected the token. */
  readonly rejectedStatuses: readonly number[]
  /** Whether a body may say so, too. */
  readonly readsBodies: boolean
}

/** Reads from a provider what is the same for all of its requests. */
export function readTraits(provider: Provider<unknown>): Traits {
  const { dpop, authorizeRequest, tokenRejection } = provider
  const isBound = dpop === true
  const { statuses = [401], body } = tokenRejection ?? {}
  return {
    provider,
    isBound,
    isBearerOnly: !isBound && authorizeRequest === undefined,
    // With DPoP a 401 may require a nonce, even if the provider does not count it as a rejection.
    rejectedStatuses: isBound ? [...statuses, 401] : statuses,
    readsBodies: body !== undefined,
  }
}

/** One request of a caller, with all its attempts. */
export interface Call {
  readonly dispatch: Dispatcher.Dispatch
  /** A copy of the caller's options. */
  readonly opts: Dispatcher.DispatchOptions
  /** A copy of the caller's headers. */
  readonly headers: ReadableHeaders
  readonly handler: Handler
  readonly signal: AbortSource | undefined
  readonly traits: Traits
  /** Whether the body can be sent again. */
  readonly isRepeatable: boolean
  /** The caller's own authorization and proof, as bits: see `readCarried`. */
  readonly carried: number
  /** The controller of the current attempt, once undici has started it. */
  controller: Controller | undefined
}

/** At most this much of a rejected response is buffered, or drained so that its connection can be reused. */
const maxBufferedBytes = 65_536

/** A discarded response that has not ended after this time loses its connection. */
const maxDrainMs = 50

/** Sends one attempt of a request with the token. */
export function sendAuthorized(call: Call, authorization: Authorization): void {
  const { dispatch } = call
  const headers = tokenHeaders(call, authorization)
  // On a redirect to another origin undici removes `Authorization`, but no other header that carries a token.
  const isBearerOnly =
    call.carried === 0 && (call.traits.isBearerOnly || Object.keys(headers).every((name) => name === 'authorization'))
  const opts = { ...call.opts, headers: addHeaders(call.headers, headers, isBearerOnly) }
  send(dispatch, opts, new AuthorizedHandler(call, authorization, isBearerOnly))
}

/** The headers that carry the token; a caller's own `Authorization` wins over the provider's. */
function tokenHeaders(call: Call, { headers }: Authorization): Readonly<Record<string, string>> {
  if ((call.carried & carriesAuthorization) === 0) return headers
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization'))
}

/** Sends a request unchanged, but stops a redirect that would send its DPoP proof to another origin. */
export function sendAsGiven(call: Call): void {
  const { dispatch, opts, headers, handler, carried } = call
  const guarded = (carried & carriesProof) === 0 ? handler : new AuthorizedHandler(call, undefined, false)
  send(dispatch, { ...opts, headers: toGiven(headers) }, guarded)
}

/** Dispatches outside the caller's stack, so errors that the dispatcher throws go to the handler. */
function send(dispatch: Dispatcher.Dispatch, opts: Dispatcher.DispatchOptions, handler: Handler): void {
  try {
    dispatch(opts, handler)
  } catch (failure) {
    reportFailure(handler, undefined, failure)
  }
}

/** Fails the caller's request with an error. */
export function reportFailure(handler: Handler, controller: Controller | undefined, failure: unknown): void {
  // undici passes null if there is no controller yet, although its types do not allow it.
  handler.onResponseError?.(controller ?? (null as unknown as Controller), failure as Error)
}

/** A buffered response: the caller gets either this one or the response to the repeated request. */
class HeldResponse {
  readonly statusCode: number
  readonly headers: ResponseHeaders
  readonly statusMessage: string | undefined
  readonly chunks: Buffer[] = []
  bytes = 0
  trailers: ResponseHeaders | undefined
  error: Error | undefined
  /** Whether the body has to be read to know if the API rejected the token. */
  awaitsBody: boolean
  /** Whether another attempt replaced this response, so that the rest is only drained. */
  isDropped = false
  drainTimeout: NodeJS.Timeout | undefined

  constructor(statusCode: number, headers: ResponseHeaders, statusMessage: string | undefined, awaitsBody: boolean) {
    this.awaitsBody = awaitsBody
    this.statusCode = statusCode
    this.headers = headers
    this.statusMessage = statusMessage
  }

  get isOver(): boolean {
    return this.trailers !== undefined || this.error !== undefined
  }
}

/**
 * Forwards one attempt's events to the caller's handler, but buffers a response that rejects the token, or may. Buffering
 * frees the connection, which the client may need for its own token request.
 */
class AuthorizedHandler implements Handler {
  readonly #call: Call
  /** `undefined` if the request is sent unchanged. */
  readonly #authorization: Authorization | undefined
  readonly #isBearerOnly: boolean
  /** Whether a redirect interceptor closer to the connection followed a redirect of this request. */
  #isRedirected = false
  #held: HeldResponse | undefined

  constructor(call: Call, authorization: Authorization | undefined, isBearerOnly: boolean) {
    this.#call = call
    this.#authorization = authorization
    this.#isBearerOnly = isBearerOnly
  }

  onRequestStart(controller: Controller, context: { readonly history?: readonly unknown[] } | null): void {
    const call = this.#call
    const previous = call.controller
    call.controller = controller
    // The caller aborted between two attempts, when there was no connection to abort.
    if (previous?.aborted === true && !(previous.reason instanceof DiscardedResponse)) {
      controller.abort(previous.reason ?? new DOMException('This operation was aborted', 'AbortError'))
      return
    }
    if (context?.history !== undefined && context.history.length > 0) {
      this.#isRedirected = true
      if (!this.#isBearerOnly) {
        controller.abort(redirectError(call.traits.provider.name))
        return
      }
    }
    call.handler.onRequestStart?.(controller, context)
  }

  onRequestUpgrade(controller: Controller, statusCode: number, headers: ResponseHeaders, socket: Upgraded): void {
    if (this.#call.traits.isBound) this.#report(statusCode, headers)
    this.#call.handler.onRequestUpgrade?.(controller, statusCode, headers, socket)
  }

  onResponseStart(controller: Controller, statusCode: number, headers: ResponseHeaders, statusMessage?: string): void {
    if (this.#authorization === undefined) {
      this.#call.handler.onResponseStart?.(controller, statusCode, headers, statusMessage)
      return
    }
    const { isRepeatable, traits } = this.#call
    const isRejected = traits.rejectedStatuses.includes(statusCode)
    if (isRejected && isRepeatable && !this.#isRedirected) {
      this.#held = new HeldResponse(statusCode, headers, statusMessage, false)
      void this.#decide(controller, this.#held, undefined)
      return
    }
    if (!isRejected && traits.readsBodies && !this.#isRedirected && mayBeJson(statusCode, headers)) {
      this.#held = new HeldResponse(statusCode, headers, statusMessage, true)
      return
    }
    this.#report(statusCode, headers)
    this.#call.handler.onResponseStart?.(controller, statusCode, headers, statusMessage)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    const held = this.#held
    if (held === undefined) {
      this.#call.handler.onResponseData?.(controller, chunk)
      return
    }
    held.bytes += chunk.byteLength
    if (held.isDropped) {
      if (held.bytes > maxBufferedBytes) controller.abort(new DiscardedResponse())
      return
    }
    held.chunks.push(chunk)
    if (!held.awaitsBody) {
      if (held.bytes > maxBufferedBytes) controller.pause()
    } else if (held.bytes > maxBufferedBytes || (held.chunks.length === 1 && !beginsAsJson(chunk, held.headers))) {
      if (this.#call.traits.isBound) this.#report(held.statusCode, held.headers)
      this.#replay(controller, held)
    }
  }

  onResponseEnd(controller: Controller, trailers: ResponseHeaders): void {
    const held = this.#held
    if (held === undefined) {
      this.#call.handler.onResponseEnd?.(controller, trailers)
      return
    }
    held.trailers = trailers
    clearTimeout(held.drainTimeout)
    if (held.awaitsBody) void this.#decide(controller, held, parseJson(held.chunks, held.headers, maxBufferedBytes))
  }

  onResponseError(controller: Controller, error: Error): void {
    const held = this.#held
    const clean = this.#redact(controller, error)
    if (held === undefined) {
      this.#call.handler.onResponseError?.(controller, clean)
      return
    }
    held.error = clean
    clearTimeout(held.drainTimeout)
    if (held.isDropped) return
    if (!controller.aborted) {
      if (held.awaitsBody) this.#replay(controller, held)
      return
    }
    // The caller aborted: report that at once instead of waiting for the next token.
    held.isDropped = true
    reportFailure(this.#call.handler, controller, clean)
  }

  onResponseStarted(): void {
    this.#call.handler.onResponseStarted?.()
  }

  onBodySent(chunk: Buffer): void {
    this.#call.handler.onBodySent?.(chunk)
  }

  onRequestSent(): void {
    this.#call.handler.onRequestSent?.()
  }

  /** Removes the token from an error; the caller's own abort reason is returned unchanged. */
  #redact(controller: Controller | null, error: Error): Error {
    if (controller?.aborted === true && controller.reason === error) return error
    return (this.#authorization?.redactError(error) ?? error) as Error
  }

  /** Reports an unbuffered response to the client, which notes whether the token was rejected, and the next DPoP nonce. */
  #report(status: number, headers: ResponseHeaders): void {
    if (this.#isRedirected) return
    void this.#authorization?.handleResponse({ status, headers }, notRepeatable)
  }

  /** @param body parsed JSON; `undefined` if it was not read */
  async #decide(controller: Controller, held: HeldResponse, body: unknown): Promise<void> {
    const call = this.#call
    const { isRepeatable: repeatable } = call
    const { statusCode: status, headers } = held
    let next: Authorization | undefined
    try {
      next = await withSignal(call.signal, async (signal) =>
        this.#authorization?.handleResponse({ status, headers, body }, { repeatable, signal }),
      )
    } catch (failure) {
      if (held.isDropped) return
      this.#drop(controller, held)
      reportFailure(call.handler, controller, failure)
      return
    }
    if (held.isDropped) return
    if (controller.aborted) reportFailure(call.handler, controller, controller.reason)
    else if (next === undefined) this.#replay(controller, held)
    else {
      this.#drop(controller, held)
      sendAuthorized(call, next)
    }
  }

  /** Drains the rest of a response so that its connection can be reused; a long rest is aborted. */
  #drop(controller: Controller, held: HeldResponse): void {
    held.isDropped = true
    held.chunks.length = 0
    if (held.isOver || controller.aborted) return
    if (held.bytes > maxBufferedBytes) {
      controller.abort(new DiscardedResponse())
      return
    }
    held.drainTimeout = setTimeout(() => controller.abort(new DiscardedResponse()), maxDrainMs)
  }

  /** Passes a buffered response to the caller's handler, then forwards the rest as it arrives. */
  #replay(controller: Controller, held: HeldResponse): void {
    const { handler } = this.#call
    this.#held = undefined
    try {
      handler.onResponseStart?.(controller, held.statusCode, held.headers, held.statusMessage)
      for (const chunk of held.chunks) {
        if (controller.aborted) break
        handler.onResponseData?.(controller, chunk)
      }
      if (!held.isOver) {
        if (held.bytes > maxBufferedBytes) controller.resume()
      } else if (controller.aborted) reportFailure(handler, controller, controller.reason)
      else if (held.error !== undefined) reportFailure(handler, controller, held.error)
      else handler.onResponseEnd?.(controller, held.trailers ?? {})
    } catch (failure) {
      // undici treats an error thrown by a handler the same way.
      if (held.isOver) reportFailure(handler, controller, failure)
      else controller.abort(failure as Error)
    }
  }
}

const notRepeatable = { repeatable: false } as const

/** The abort reason of a response that a repeat replaced; it never reaches the caller. */
class DiscardedResponse extends Error {}

function redirectError(provider: string): NightlatchError {
  return new NightlatchError(
    'origin_refused',
    `${provider}: the redirect could send the token to another origin, because undici's redirect interceptor does not remove the headers that carry it. Pass nightlatchInterceptor to compose() before interceptors.redirect()`,
    { provider },
  )
}
