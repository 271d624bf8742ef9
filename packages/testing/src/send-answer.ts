import { type ServerResponse, STATUS_CODES } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Answer, Fault } from './faults.ts'
import type { RecordedRequest } from './recorded-request.ts'

/** The response of a fault; `undefined` if the emulation responds itself. */
export function faultyAnswer(
  fault: Fault,
  request: RecordedRequest,
  now: number,
): Answer | undefined | Promise<Answer | undefined> {
  switch (fault.name) {
    case 'error': {
      const status = fault.status ?? 500
      return { status, body: STATUS_CODES[status] ?? 'Server Error' }
    }
    case 'tooManyRequests':
      return { status: 429, headers: rateLimitHeaders(fault, now), body: { message: STATUS_CODES[429] } }
    case 'html': {
      const status = fault.status ?? 502
      const title = `${status} ${STATUS_CODES[status] ?? ''}`.trim()
      return {
        status,
        headers: { 'content-type': 'text/html' },
        body: `<!doctype html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`,
      }
    }
    case 'redirect':
      return { status: fault.status ?? 307, headers: { location: String(fault.to) } }
    case 'answer':
      return typeof fault.answer === 'function' ? fault.answer(request) : fault.answer
    default:
      return undefined
  }
}

function rateLimitHeaders(fault: Fault & { readonly name: 'tooManyRequests' }, now: number): Record<string, string> {
  if (fault.rateLimitReset !== undefined) {
    return { 'x-rate-limit-reset': String(Math.ceil(now / 1000 + fault.rateLimitReset)) }
  }
  const { retryAfter = 1 } = fault
  return { 'retry-after': retryAfter instanceof Date ? retryAfter.toUTCString() : String(retryAfter) }
}

/** Sends a response, delayed or damaged by a fault. */
export async function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  fault: Fault | undefined,
  now: number,
): Promise<void> {
  if (response.destroyed) return
  const closed = new AbortController()
  response.once('close', () => closed.abort())

  if (fault?.name === 'slow') await wait(fault.seconds * 1000, undefined, { signal: closed.signal })

  let { bytes, contentType } = encodeBody(answer.body)
  if (fault?.name === 'truncated' && fault.by === 'json') bytes = bytes.subarray(0, bytes.length >> 1)

  response.statusCode = answer.status ?? 200
  // The emulator's clock applies here, too, because clients compare clocks by this header.
  const headers = { date: new Date(now).toUTCString(), ...(contentType && { 'content-type': contentType }) }
  for (const [name, value] of Object.entries({ ...headers, ...lowerCased(answer.headers) })) {
    if (value !== undefined) response.setHeader(name, value)
    else if (name === 'date') response.sendDate = false
  }
  // A given Content-Length is sent unchanged, even if it is wrong, because a test may require that.
  if (!response.hasHeader('content-length') && bytes.length > 0) response.setHeader('content-length', bytes.length)

  const half = bytes.subarray(0, bytes.length >> 1)
  switch (fault?.name) {
    case 'hang':
      await writeOut(response, half)
      return
    case 'reset':
      await writeOut(response, half)
      // The client must have received the headers first, or this would equal a reset before the response.
      await wait(20, undefined, { signal: closed.signal })
      response.socket?.resetAndDestroy()
      return
    case 'truncated':
      if (fault.by === 'json') break
      await writeOut(response, half)
      response.socket?.end()
      return
    case 'drip':
      await drip(response, bytes, fault.seconds, closed.signal)
      return
  }
  response.end(bytes)
}

function encodeBody(body: unknown): { bytes: Uint8Array; contentType: string | undefined } {
  if (body === undefined) return { bytes: new Uint8Array(), contentType: undefined }
  if (body instanceof Uint8Array) return { bytes: body, contentType: 'application/octet-stream' }
  const isText = typeof body === 'string'
  return {
    bytes: new TextEncoder().encode(isText ? body : JSON.stringify(body)),
    contentType: isText ? 'text/plain; charset=utf-8' : 'application/json',
  }
}

function lowerCased(headers: Answer['headers'] = {}): Record<string, string | readonly string[] | undefined> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

async function writeOut(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  response.flushHeaders()
  await new Promise<void>((resolve) => response.write(bytes, () => resolve()))
}

async function drip(response: ServerResponse, bytes: Uint8Array, seconds: number, signal: AbortSignal): Promise<void> {
  response.flushHeaders()
  const started = performance.now()
  const pause = (seconds * 1000) / Math.max(bytes.length, 1)
  for (let sent = 0; sent < bytes.length; ) {
    await wait(pause, undefined, { signal })
    // Timers have a resolution of 1 ms, so all bytes due by now are sent at once to meet `seconds`.
    const due = Math.max(sent + 1, Math.floor((performance.now() - started) / pause))
    response.write(bytes.subarray(sent, due))
    sent = due
  }
  response.end()
}
