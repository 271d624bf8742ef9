import { describeHeaders, describeParameters, printAs } from './printing.ts'

/** The part of a provider that a request addresses and a fault affects. */
export type Part = 'token' | 'revocation' | 'discovery' | 'api'

/** A request as it arrived; prints with credentials and tokens redacted. */
export interface RecordedRequest {
  /** When the request had arrived completely, in milliseconds since the epoch, by the emulator's clock. */
  readonly time: number
  readonly method: string
  /** The emulator's origin that received the request, for example `http://127.0.0.1:1234`. */
  readonly origin: string
  /** The path, percent-encoded as received. */
  readonly path: string
  /** The part that the path belongs to; `undefined` for an unknown path. */
  readonly part: Part | undefined
  /** The query; not enumerable, as are `headers`, `body` and `form`. */
  readonly query: URLSearchParams
  readonly headers: Headers
  /** The body as text; empty if there is none. */
  readonly body: string
  /** The body parsed as a form. */
  readonly form: URLSearchParams
}

/** The data of a request to record. */
export interface ArrivedRequest {
  readonly time: number
  readonly method: string
  readonly url: URL
  readonly part: Part | undefined
  readonly headers: Headers
  readonly body: string
  readonly secrets: () => readonly string[]
}

export function recordRequest(arrived: ArrivedRequest): RecordedRequest {
  const { time, method, url, part, headers, body, secrets } = arrived
  const query = new URLSearchParams(url.search)
  const form = new URLSearchParams(body)

  const shownQuery = (): string => describeParameters(query, secrets())
  const shownForm = (): string => describeParameters(form, secrets())
  const shownHeaders = (): Record<string, string> => describeHeaders(headers, secrets())

  const record = { time, method, origin: url.origin, path: url.pathname, part }
  // Test runners print enumerable fields and ignore toJSON and inspect.
  Object.defineProperties(record, {
    query: { value: printAs(query, shownQuery) },
    headers: { value: printAs(headers, shownHeaders) },
    body: { value: body },
    form: { value: printAs(form, shownForm) },
  })
  return printAs(record as RecordedRequest, () => ({
    ...record,
    time: new Date(time).toISOString(),
    query: shownQuery(),
    headers: shownHeaders(),
    body: isForm(headers) ? shownForm() : `[${body.length} characters]`,
  }))
}

/** Whether the content type is that of a form. */
export function isForm(headers: Headers): boolean {
  return /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(headers.get('content-type') ?? '')
}
