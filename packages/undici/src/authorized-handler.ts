import { type Authorization, NightlatchError, type Provider } from '@nightlatch/core'
import type { Dispatcher } from 'undici'
import { type AbortSource, heed } from './abort-source.ts'
import { beginsAsJson, mayBeJson, parseJson } from './json-body.ts'
import { addHeaders, carriesAuthorization, carriesProof, type ReadableHeaders, toGiven } from './request-headers.ts'

type Controller = Dispatcher.DispatchController
type Handler = Dispatcher.DispatchHandler
type ResponseHeaders = Parameters<NonNullable<Handler['onResponseStart']>>[2]
type Upgraded = Parameters<NonNullable<Handler['onRequestUpgrade']>>[3]

/** One request of a caller's, through all its tries. */
export interface Call {
  readonly dispatch: Dispatcher.Dispatch
  /** A copy of the caller's. */
  readonly opts: Dispatcher.DispatchOptions
  /** A copy of the caller's. */
  readonly headers: ReadableHeaders
  readonly handler: Handler
  readonly signal: AbortSource | undefined
  readonly provider: Provider<unknown>
  /** Whether the body can be sent again. */
  readonly isRepeatable: boolean
  /** Whether tokens are bound to a key, so that every answer may hold a nonce. */
  readonly isBound: boolean
  /** Whether the token travels in `Authorization`, and nothing besides. */
  readonly isBearerOnly: boolean
  /** What the caller's own headers carry: see `readCarried`. */
  readonly carried: number
  /** Of the try under way, once it goes out. */
  controller: Controller | undefined
}

/** Bytes of a 401 that are kept until it is decided on, or read to no purpose. */
const mostBytes = 65_536

/** Milliseconds that the end of a 401 which nobody wants is waited for. */
const longestDrop = 50

/** Sends one try of a request, the token on. */
export function sendAuthorized(call: Call, authorization: Authorization): void {
  const { dispatch } = call
  const headers = carriersOf(call, authorization)
  // undici's redirect interceptor takes this one off on the way to another origin, and no other that carries a token.
  const isBearerOnly =
    call.carried === 0 && (call.isBearerOnly || Object.keys(headers).every((name) => name === 'authorization'))
  const opts = { ...call.opts, headers: addHeaders(call.headers, headers, isBearerOnly) }
  send(dispatch, opts, new AuthorizedHandler(call, authorization, isBearerOnly))
}

/** A caller's own authorization stands in place of the provider's. */
function carriersOf(call: Call, { headers }: Authorization): Readonly<Record<string, string>> {
  if ((call.carried & carriesAuthorization) === 0) return headers
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization'))
}

/** Sends a request as its caller made it, but not its proof of possession to another origin. */
export function sendAsGiven(call: Call): void {
  const { dispatch, opts, headers, handler, carried } = call
  const guarded = (carried & carriesProof) === 0 ? handler : new AuthorizedHandler(call, undefined, false)
  send(dispatch, { ...opts, headers: toGiven(headers) }, guarded)
}

/** Dispatches where nobody is there any more to catch what a dispatcher may throw. */
function send(dispatch: Dispatcher.Dispatch, opts: Dispatcher.DispatchOptions, handler: Handler): void {
  try {
    dispatch(opts, handler)
  } catch (failure) {
    reportFailure(handler, undefined, failure)
  }
}

/** Tells the caller that there will be no answer. */
export function reportFailure(handler: Handler, controller: Controller | undefined, failure: unknown): void {
  // undici says null where there is no controller yet; its types do not.
  handler.onResponseError?.(controller ?? (null as unknown as Controller), failure as Error)
}

/** A response that is kept until it is clear whether the caller sees it, or the response to a repeat. */
class HeldAnswer {
  readonly statusCode: number
  readonly headers: ResponseHeaders
  readonly statusMessage: string | undefined
  readonly chunks: Buffer[] = []
  bytes = 0
  trailers: ResponseHeaders | undefined
  error: Error | undefined
  /** Its body says whether the API rejected the token, so it is read first. */
  awaitsBody: boolean
  /** Another try has taken its place; what still comes is read to no purpose. */
  isDropped = false
  breakOff: NodeJS.Timeout | undefined

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
 * Stands between the connection and the caller's handler for one try. Everything goes straight through but a response that
 * rejects the token, or may: that is kept until another token is there, while the connection is free for the client's own request.
 */
class AuthorizedHandler implements Handler {
  readonly #call: Call
  /** `undefined`: the request goes out as it is. */
  readonly #authorization: Authorization | undefined
  readonly #isBearerOnly: boolean
  /** A redirect interceptor further in has gone on from where we sent the request. */
  #isRedirected = false
  #held: HeldAnswer | undefined

  constructor(call: Call, authorization: Authorization | undefined, isBearerOnly: boolean) {
    this.#call = call
    this.#authorization = authorization
    this.#isBearerOnly = isBearerOnly
  }

  onRequestStart(controller: Controller, context: { readonly history?: readonly unknown[] } | null): void {
    const call = this.#call
    const former = call.controller
    call.controller = controller
    // Given up between two tries, when there was nothing to break off.
    if (former?.aborted === true && !(former.reason instanceof Unwanted)) {
      controller.abort(former.reason ?? new DOMException('This operation was aborted', 'AbortError'))
      return
    }
    if (context?.history !== undefined && context.history.length > 0) {
      this.#isRedirected = true
      if (!this.#isBearerOnly) {
        controller.abort(refuseRedirect(call.provider.name))
        return
      }
    }
    call.handler.onRequestStart?.(controller, context)
  }

  onRequestUpgrade(controller: Controller, statusCode: number, headers: ResponseHeaders, socket: Upgraded): void {
    if (this.#call.isBound) this.#learn(statusCode, headers)
    this.#call.handler.onRequestUpgrade?.(controller, statusCode, headers, socket)
  }

  onResponseStart(controller: Controller, statusCode: number, headers: ResponseHeaders, statusMessage?: string): void {
    if (this.#authorization === undefined) {
      this.#call.handler.onResponseStart?.(controller, statusCode, headers, statusMessage)
      return
    }
    const { isRepeatable, isBound, provider } = this.#call
    const { statuses = [401], body } = provider.tokenRejection ?? {}
    // A 401 may ask for a nonce, whatever the provider says of it.
    const isRejected = statuses.includes(statusCode) || (isBound && statusCode === 401)
    if (isRejected && isRepeatable && !this.#isRedirected) {
      this.#held = new HeldAnswer(statusCode, headers, statusMessage, false)
      void this.#decide(controller, this.#held, undefined)
      return
    }
    if (!isRejected && body !== undefined && !this.#isRedirected && mayBeJson(statusCode, headers)) {
      this.#held = new HeldAnswer(statusCode, headers, statusMessage, true)
      return
    }
    this.#learn(statusCode, headers)
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
      if (held.bytes > mostBytes) controller.abort(new Unwanted())
      return
    }
    held.chunks.push(chunk)
    if (!held.awaitsBody) {
      if (held.bytes > mostBytes) controller.pause()
    } else if (held.bytes > mostBytes || (held.chunks.length === 1 && !beginsAsJson(chunk, held.headers))) {
      if (this.#call.isBound) this.#learn(held.statusCode, held.headers)
      this.#handOver(controller, held)
    }
  }

  onResponseEnd(controller: Controller, trailers: ResponseHeaders): void {
    const held = this.#held
    if (held === undefined) {
      this.#call.handler.onResponseEnd?.(controller, trailers)
      return
    }
    held.trailers = trailers
    clearTimeout(held.breakOff)
    if (held.awaitsBody) void this.#decide(controller, held, parseJson(held.chunks, held.headers, mostBytes))
  }

  onResponseError(controller: Controller, error: Error): void {
    const held = this.#held
    const clean = this.#redact(controller, error)
    if (held === undefined) {
      this.#call.handler.onResponseError?.(controller, clean)
      return
    }
    held.error = clean
    clearTimeout(held.breakOff)
    if (held.isDropped) return
    if (!controller.aborted) {
      if (held.awaitsBody) this.#handOver(controller, held)
      return
    }
    // Given up by the caller, who need not wait for a token to hear so.
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

  /** A caller's own reason for giving up is its own. */
  #redact(controller: Controller | null, error: Error): Error {
    if (controller?.aborted === true && controller.reason === error) return error
    return (this.#authorization?.redactError(error) ?? error) as Error
  }

  /** Takes from a response that is not kept what the next request needs: whether the token was rejected, and the next nonce. */
  #learn(status: number, headers: ResponseHeaders): void {
    if (this.#isRedirected) return
    void this.#authorization?.handleResponse({ status, headers }, { repeatable: false })
  }

  /** @param body parsed JSON; `undefined` if it was not read */
  async #decide(controller: Controller, held: HeldAnswer, body: unknown): Promise<void> {
    const call = this.#call
    const { isRepeatable: repeatable } = call
    const { statusCode: status, headers } = held
    let next: Authorization | undefined
    try {
      next = await heed(call.signal, async (signal) =>
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
    else if (next === undefined) this.#handOver(controller, held)
    else {
      this.#drop(controller, held)
      sendAuthorized(call, next)
    }
  }

  /** Reads the rest to no purpose, so that the connection can be used again; a long rest is broken off. */
  #drop(controller: Controller, held: HeldAnswer): void {
    held.isDropped = true
    held.chunks.length = 0
    if (held.isOver || controller.aborted) return
    if (held.bytes > mostBytes) {
      controller.abort(new Unwanted())
      return
    }
    held.breakOff = setTimeout(() => controller.abort(new Unwanted()), longestDrop)
  }

  /** Lets the caller have what was kept, as if it came now. */
  #handOver(controller: Controller, held: HeldAnswer): void {
    const { handler } = this.#call
    this.#held = undefined
    try {
      handler.onResponseStart?.(controller, held.statusCode, held.headers, held.statusMessage)
      for (const chunk of held.chunks) {
        if (controller.aborted) break
        handler.onResponseData?.(controller, chunk)
      }
      if (!held.isOver) {
        if (held.bytes > mostBytes) controller.resume()
      } else if (controller.aborted) reportFailure(handler, controller, controller.reason)
      else if (held.error !== undefined) reportFailure(handler, controller, held.error)
      else handler.onResponseEnd?.(controller, held.trailers ?? {})
    } catch (failure) {
      // As undici does with what a handler throws.
      if (held.isOver) reportFailure(handler, controller, failure)
      else controller.abort(failure as Error)
    }
  }
}

/** Why an answer that nobody wants is broken off. Nobody is told. */
class Unwanted extends Error {}

function refuseRedirect(provider: string): NightlatchError {
  return new NightlatchError(
    'origin_refused',
    `${provider}: a redirect would take the token along: the provider puts it into headers that undici's redirect interceptor does not take off for another origin; give nightlatchInterceptor to compose() before interceptors.redirect()`,
    { provider },
  )
}
