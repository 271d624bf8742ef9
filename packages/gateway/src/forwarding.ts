import type { FastifyReply } from 'fastify'
import type { Dispatcher } from 'undici'
import type { ActiveUpstream } from './active-configuration.ts'
import type { Exchange } from './exchange.ts'
import { toForwardedHeaders, toReturnedHeaders } from './forwarded-headers.ts'
import { problem } from './problem.ts'
import { BodyAborted, openBody, StreamedBody } from './request-body.ts'
import { joinPath, type RequestTarget } from './request-target.ts'
import { bodyTooLarge, explainFailure } from './upstream-failure.ts'

type Controller = Dispatcher.DispatchController
type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2]

/** What reply-from expects of a response. */
interface ReceivedHead {
  readonly statusCode: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: { destroy(): void }
}

/** Called once, with a failure or the head of the response. */
export type ReportHead = (failure: Error | null, head?: ReceivedHead) => void

/** Longer first bytes of a body do not wait for its end. */
const maxFirstBytes = 16_384

/** Sends one request to an API with the client's token, and hands the answer on. */
export class Forwarding implements Dispatcher.DispatchHandler {
  readonly exchange: Exchange
  readonly #upstream: ActiveUpstream
  readonly #path: string
  readonly #headers: string[]
  #content: Buffer | StreamedBody | undefined
  #controller: Controller | undefined
  #report: ReportHead | undefined
  #status = 0
  #responseHeaders: Headers = {}
  /** Whether the request was repeated by this class, which the interceptor cannot do for a body that is streamed. */
  #isRepeated = false
  /** The response is not handed on: another attempt replaces it. */
  #isDropped = false
  #isPaused = false
  /** Whether the head of the response waits for the first bytes of its body. */
  #isHeadWaiting = false
  /** They wait with the head until it is known whether they are the whole body. */
  #firstBytes: Buffer | undefined

  constructor(exchange: Exchange, upstream: ActiveUpstream, { path, query }: RequestTarget) {
    this.exchange = exchange
    this.#upstream = upstream
    this.#path = joinPath(upstream.client.base?.pathname ?? '/', path) + query
    this.#headers = toForwardedHeaders(exchange.request, upstream.forwarded)
    exchange.onAbort = () => this.#controller?.abort(new BodyAborted('the caller went away'))
  }

  /** Ends a response that has been silent for too long. */
  abort(): void {
    this.#controller?.abort(new Error('the API sent nothing for too long'))
  }

  /**
   * Opens the body.
   *
   * @returns whether the request can be forwarded; else it has been answered
   */
  async open(): Promise<boolean> {
    const { request } = this.exchange
    const { maxBodyBytes, replayBytes } = this.#upstream
    try {
      const { content, contentLength } = await openBody(request, maxBodyBytes, replayBytes)
      this.#content = content
      if (contentLength !== undefined) this.#headers.push('content-length', contentLength)
      if (Buffer.isBuffer(content)) this.exchange.entry.bytesIn = content.byteLength
      return true
    } catch (failure) {
      if (!(failure instanceof BodyAborted)) this.exchange.answer(bodyTooLarge())
      return false
    }
  }

  /** Called by reply-from: sends the request. */
  send(report: ReportHead): void {
    this.#report = report
    this.#dispatch()
  }

  #dispatch(): void {
    const { client, timeout } = this.#upstream
    try {
      client.dispatcher.dispatch(
        {
          origin: client.origin,
          path: this.#path,
          method: this.exchange.entry.method as Dispatcher.HttpMethod,
          headers: this.#headers,
          body: this.#content ?? null,
          headersTimeout: timeout * 1000,
          // A silent response is ended elsewhere, because a stream of events may be silent.
          bodyTimeout: 0,
        },
        this,
      )
    } catch (failure) {
      this.#fail(failure as Error)
    }
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller
    this.exchange.entry.attempts += 1
    if (this.exchange.isAborted) controller.abort(new BodyAborted('the caller went away'))
  }

  onResponseStart(controller: Controller, status: number, headers: Headers): void {
    // Informational responses end at this hop.
    if (status < 200) return
    this.#status = status
    this.#responseHeaders = headers
    const { entry } = this.exchange
    entry.tokenAge = this.#upstream.client.tokenAge
    if (status !== 401) {
      this.#reportHead()
      return
    }
    this.#isDropped = true
    const copy = this.#content instanceof StreamedBody && !this.#isRepeated ? this.#content.copy : undefined
    if (copy === undefined) {
      controller.abort(new TokenRejected())
      return
    }
    // The interceptor has noted that the token was rejected: the repeated request gets another one.
    this.#isRepeated = true
    this.#content = copy
    controller.abort(new Repeated())
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#isDropped) return
    this.exchange.entry.bytesOut += chunk.byteLength
    if (this.#isHeadWaiting && this.#firstBytes === undefined && chunk.byteLength <= maxFirstBytes) {
      this.#firstBytes = chunk
      return
    }
    this.#sendHead()
    this.#write(controller, chunk)
  }

  /** Sends the head of the response, with the first bytes of its body if they are there. */
  #sendHead(): void {
    if (!this.#isHeadWaiting) return
    this.#isHeadWaiting = false
    const first = this.#firstBytes
    this.#firstBytes = undefined
    if (first === undefined) this.exchange.response.flushHeaders()
    else if (this.#controller !== undefined) this.#write(this.#controller, first)
  }

  #write(controller: Controller, chunk: Buffer): void {
    const { response } = this.exchange
    if (response.write(chunk) || this.#isPaused) return
    this.#isPaused = true
    controller.pause()
    response.once('drain', () => {
      this.#isPaused = false
      controller.resume()
    })
  }

  onResponseEnd(): void {
    if (!this.#isDropped) this.#end()
  }

  onResponseError(_controller: Controller, failure: Error): void {
    if (failure instanceof Repeated) {
      this.#isDropped = false
      this.#dispatch()
    } else this.#fail(failure)
  }

  #reportHead(): void {
    const report = this.#report
    this.#report = undefined
    report?.(null, { statusCode: this.#status, headers: {}, body: { destroy: () => this.abort() } })
  }

  #fail(failure: Error): void {
    const report = this.#report
    this.#report = undefined
    if (this.#content instanceof StreamedBody) this.exchange.entry.bytesIn = this.#content.bytes
    if (report !== undefined) report(failure)
    // The head is out, so that only an incomplete response shows the failure.
    else this.exchange.response.destroy()
  }

  #end(): void {
    const { response, entry } = this.exchange
    const first = this.#firstBytes
    this.#isHeadWaiting = false
    this.#firstBytes = undefined
    if (this.#content instanceof StreamedBody) entry.bytesIn = this.#content.bytes
    // Node writes a head and a body of text together; as Latin-1, each byte is one character.
    if (first === undefined) response.end()
    else response.end(first.toString('latin1'), 'latin1')
  }

  /** Called by reply-from: hands the head of the response on. */
  respond(reply: FastifyReply): void {
    reply.hijack()
    const headers = toReturnedHeaders(this.#responseHeaders)
    this.exchange.mayBeSilent = String(this.#responseHeaders['content-type']).startsWith('text/event-stream')
    // The rest of a body that the API did not wait for would be read as the next request.
    const isLast = !this.exchange.request.complete
    try {
      // The body would reach the caller in a coding that no header names.
      if (hasUnknownCoding(this.#responseHeaders)) throw new Error('the transfer coding is not chunked')
      this.exchange.writeHead(this.#status, headers, isLast)
      this.#isHeadWaiting = true
      // The first bytes usually come with the head, and go out with it; the head of a silent stream goes out alone.
      queueMicrotask(() => this.#sendHead())
    } catch {
      this.#isDropped = true
      this.exchange.answer(problem('upstream_unavailable', 'The response of the API has a header that is invalid'))
      this.abort()
    }
  }

  /** Called by reply-from: answers for an API that did not. */
  refuse(reply: FastifyReply, failure: unknown): void {
    reply.hijack()
    const { client, timeout } = this.#upstream
    if (failure instanceof TokenRejected) {
      this.exchange.answer(
        problem('upstream_refused', `${client.origin} rejected the token. The next request gets another one`),
      )
    } else this.exchange.answer(explainFailure(failure, client, timeout))
  }
}

/** Why a response with status 401 is not read on. */
class TokenRejected extends Error {}
class Repeated extends Error {}

function hasUnknownCoding({ 'transfer-encoding': coding }: Headers): boolean {
  return coding !== undefined && String(coding).toLowerCase() !== 'chunked'
}
