/** Why the gateway answers a request itself. */
export type ProblemCode =
  | 'request_invalid'
  | 'caller_unknown'
  | 'not_allowed'
  | 'upstream_unknown'
  | 'method_not_allowed'
  | 'body_too_large'
  | 'token_unavailable'
  | 'upstream_unavailable'
  | 'upstream_refused'
  | 'upstream_timed_out'
  | 'overloaded'

/** An answer of the gateway itself. */
export interface Problem {
  readonly code: ProblemCode
  readonly status: number
  readonly detail: string
  readonly hints?: readonly string[] | undefined
  /** Seconds. */
  readonly retryAfter?: number | undefined
  /** Headers besides those of each problem, by lower-case names. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

const titles: Readonly<Record<ProblemCode, string>> = {
  request_invalid: 'The request is invalid',
  caller_unknown: 'The caller is unknown',
  not_allowed: 'The request is not allowed',
  upstream_unknown: 'The upstream is unknown',
  method_not_allowed: 'The method is not allowed',
  body_too_large: 'The body is too large',
  token_unavailable: 'No token is available',
  upstream_unavailable: 'The API is unavailable',
  upstream_refused: 'The API rejected the token',
  upstream_timed_out: 'The API did not respond in time',
  overloaded: 'The caller has too many requests at the same time',
}

const statuses: Readonly<Record<ProblemCode, number>> = {
  request_invalid: 400,
  caller_unknown: 401,
  not_allowed: 403,
  upstream_unknown: 404,
  method_not_allowed: 405,
  body_too_large: 413,
  token_unavailable: 502,
  upstream_unavailable: 502,
  upstream_refused: 502,
  upstream_timed_out: 504,
  overloaded: 503,
}

/** Creates a problem with the status of its code, unless `more` has another. */
export function problem(
  code: ProblemCode,
  detail: string,
  more: Partial<Omit<Problem, 'code' | 'detail'>> = {},
): Problem {
  return { code, detail, status: statuses[code], ...more }
}

/** What is in common to all problems is on this page. */
const type = 'https://github.com/nightlatch/nightlatch/blob/main/docs/gateway.md#answers-of-the-gateway'

/** The header that tells an answer of the gateway from the API's. */
export const errorHeader = 'nightlatch-error'

/** The body and headers of a problem. @see {@link https://www.rfc-editor.org/rfc/rfc9457 RFC 9457} */
export function writeProblem({ code, status, detail, hints = [], retryAfter, headers }: Problem): {
  readonly body: string
  readonly headers: Record<string, string>
} {
  const title = titles[code]
  const body = JSON.stringify({ type, title, status, code, detail, hints })
  return {
    body,
    headers: {
      'content-type': 'application/problem+json',
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'no-store',
      [errorHeader]: code,
      ...(retryAfter !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) }),
      ...headers,
    },
  }
}
