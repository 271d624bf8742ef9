import { describeHeaders, describeParameters, printAs } from './printing.ts'

/** The part of a provider that a request was for, and that a fault is aimed at. */
export type Part = 'token' | 'revocation' | 'discovery' | 'api'

/** A request as it arrived; prints without the credentials and tokens that it holds. */
export interface RecordedRequest {
  /** When the whole request had arrived, in milliseconds since the epoch, on the emulator's clock. */
  readonly time: number
  readonly method: string
  /** Which of the emulator's origins was asked, as `http://127.0.0.1:1234`. */
  readonly origin: string
  /** The path, percent-encoded as it came. */
  readonly path: string
  /** What the path belongs to; `undefined` for a path that the emulation does not have. */
  readonly part: Part | undefined
  /** The query; not enumerable, as are `headers`, `body` and `form`. */
  readonly query: URLSearchParams
  readonly headers: Headers
  /** The body as text; empty where there was none. */
  readonly body: string
  /** The body read as a form. */
  readonly form: URLSearchParams
}

/** What a request is made from, before it is recorded. */
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
  // Test runners print enumerable fields, whatever toJSON and inspect say.
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

/** Whether a body says of itself that it is a form. */
export function isForm(headers: Headers): boolean {
  return /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(headers.get('content-type') ?? '')
}
