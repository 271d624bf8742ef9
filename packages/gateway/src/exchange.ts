import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuditEntry, AuditLog } from './audit-log.ts'
import type { CallerLoad } from './caller-load.ts'
import { type Problem, problem, writeProblem } from './problem.ts'
import type { Traffic } from './traffic.ts'

/** What all exchanges of a gateway share. */
export interface ExchangeParts {
  readonly audit: AuditLog
  readonly traffic: Traffic
  /** Exchanges in progress. */
  readonly open: Set<Exchange>
  /** Whether the gateway is closing, so that connections end with their response. */
  isDraining: boolean
}

/** One request of a caller and its response. */
export class Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly entry: AuditEntry
  readonly #parts: ExchangeParts
  readonly #startedAt: number
  #load: CallerLoad | undefined
  /** Called if the caller goes away before its response is complete. */
  onAbort: (() => void) | undefined
  isAborted = false
  /** Whether the response is a stream of events, which may have no bytes for long. */
  mayBeSilent = false

  constructor(parts: ExchangeParts, request: IncomingMessage, response: ServerResponse, target: string) {
    this.request = request
    this.response = response
    this.#parts = parts
    this.#startedAt = performance.now()
    const query = target.indexOf('?')
    this.entry = {
      caller: undefined,
      upstream: undefined,
      rule: undefined,
      method: request.method ?? '',
      path: query < 0 ? target : target.slice(0, query),
      // The caller went away before there was an answer.
      status: 499,
      bytesIn: 0,
      bytesOut: 0,
      ms: 0,
      attempts: 0,
      tokenAge: undefined,
    }
    parts.open.add(this)
    response.once('close', () => this.#finish())
  }

  /** Counts this request as one of its caller, until it ends. */
  occupy(load: CallerLoad): void {
    load.active += 1
    this.#load = load
  }

  /**
   * Writes the head of the response.
   *
   * @param headers alternating names and values, of which none is `connection`
   * @param isLast whether the connection ends with this response
   */
  writeHead(status: number, headers: (string | string[])[], isLast = false): void {
    this.entry.status = status
    if (isLast || this.#parts.isDraining) headers.push('connection', 'close')
    this.response.writeHead(status, headers)
  }

  /** Answers in the gateway's own words. */
  answer(refusal: Problem): void {
    const { body, headers } = writeProblem(refusal)
    this.send(refusal.status, headers, body)
  }

  /** Answers with a whole body. */
  send(status: number, headers: Record<string, string | string[]>, body: string): void {
    const { request, response, entry } = this
    if (this.isAborted || response.headersSent) return
    const { connection, ...others } = headers
    this.writeHead(status, Object.entries(others).flat(), connection !== undefined)
    entry.bytesOut = Buffer.byteLength(body)
    response.end(request.method === 'HEAD' ? undefined : body)
    if (!request.complete) this.#discardBody()
  }

  /** Ends an exchange in which the gateway itself failed. */
  fail(): void {
    if (this.response.headersSent) this.response.destroy()
    else this.answer(problem('upstream_unavailable', 'The gateway failed to forward the request'))
  }

  /** Lets the caller send the rest of a body that is not used, so that it reads the response; but not for long. */
  #discardBody(): void {
    const { request } = this
    request.removeAllListeners('data')
    request.resume()
    const timeout = setTimeout(() => request.destroy(), maxDiscardMs)
    request.once('close', () => clearTimeout(timeout))
  }

  #finish(): void {
    const { entry, response } = this
    if (!response.writableFinished) {
      this.isAborted = true
      this.onAbort?.()
    }
    if (this.#load !== undefined) this.#load.active -= 1
    this.#parts.open.delete(this)
    entry.ms = performance.now() - this.#startedAt
    this.#parts.audit.write(entry)
    this.#parts.traffic
      .of(entry.caller ?? '', entry.upstream ?? '')
      .add(entry.status, entry.ms / 1000, entry.bytesIn, entry.bytesOut, entry.attempts)
  }
}

const maxDiscardMs = 5000
