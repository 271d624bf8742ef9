import { NightlatchError, type NightlatchErrorDetails } from '../errors.ts'
import { dateFromHttpDate, readPath } from './field-conversions.ts'
import { redact } from './redact.ts'
import type { AnswerContext, TokenAnswer, TokenFields } from './token-response.ts'

/**
 * Creates the error of a response that is no token: the code by its status and error, the words without secrets.
 *
 * @param refused what the server did, in words
 */
export function toGrantError(
  answer: TokenAnswer,
  fields: TokenFields,
  context: AnswerContext,
  refused = 'refused the grant with',
): NightlatchError {
  const { provider, endpoint, answeredAt } = context
  const { status } = answer
  const secrets = context.secrets()
  // Known codes are not redacted, even if a secret contains the same text.
  const isKnown = finalErrors.has(fields.error) || temporaryErrors.has(fields.error)
  const error = isKnown ? String(fields.error) : toText(fields.error, secrets)
  const errorDescription = toText(fields.errorDescription, secrets)
  const said = [error, errorDescription].filter((one) => one !== undefined).join(': ')
  const unavailable = status > 499 && !finalErrors.has(error)
  return new NightlatchError(
    unavailable ? 'endpoint_unavailable' : 'grant_refused',
    `${provider}: ${endpoint} ${unavailable ? 'failed with' : refused} status ${status}${said === '' ? '' : ` (${said})`}`,
    {
      provider,
      status,
      error,
      errorDescription,
      requestId: readRequestId(answer, context.secrets),
      // A 401 rejects the client's credentials, so the same request cannot succeed later, whatever its error code.
      ...readRetry(answer, fields, unavailable || (status !== 401 && temporaryErrors.has(error)), answeredAt),
    },
  )
}

/** Error codes that are final, whatever their status. */
const finalErrors: ReadonlySet<unknown> = new Set([
  'access_denied',
  'invalid_client',
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'invalid_target',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_token_type',
])

/** Error codes of a temporary failure. */
const temporaryErrors: ReadonlySet<unknown> = new Set([
  'server_error',
  'slow_down',
  'temporarily_unavailable',
  'too_many_requests',
])

/** Reads whether and when the request may be sent again: from the provider's reader, else from the status. */
export function readRetry(
  answer: TokenAnswer,
  fields: TokenFields,
  isTemporary: boolean,
  answeredAt: number,
): Pick<NightlatchErrorDetails, 'retryable' | 'retryAfter'> {
  const { status } = answer
  const retryable = isTemporary || status === 408 || status === 429
  return {
    retryable: typeof fields.retryable === 'boolean' ? fields.retryable : retryable,
    retryAfter: readSeconds(fields.retryAfter) ?? readRetryAfter(answer, answeredAt),
  }
}

/** Members and headers that contain the server's id of the request, the most specific first. */
const requestIdNames = ['correlation_id', 'correlationId', 'trace_id', 'traceId', 'request_id', 'requestId'] as const
const requestIdHeaders = [
  'x-request-id',
  'x-ms-request-id',
  'x-correlation-id',
  'x-okta-request-id',
  'request-id',
] as const

/** Reads the server's id of the request, which is short and has no space. */
export function readRequestId({ body, headers }: TokenAnswer, secrets: () => readonly string[]): string | undefined {
  const named = requestIdNames.map((name) => readPath(body, name))
  const ids = [...named, ...requestIdHeaders.map((name) => headers.get(name))].map((id) =>
    typeof id === 'number' ? String(id) : id,
  )
  const id = ids.find((one): one is string => typeof one === 'string' && /^[\x21-\x7e]{1,200}$/.test(one))
  return id !== undefined && redact(id, secrets()) === id ? id : undefined
}

function toText(value: unknown, secrets: readonly string[]): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  return redact(String(value), secrets) || undefined
}

/**
 * Reads the server's retry delay: `Retry-After` in seconds or as a date, else Okta's `X-Rate-Limit-Reset`, an instant in seconds.
 * Instants are compared with the response's own `Date`, because both come from the server's clock.
 *
 * @param answeredAt milliseconds since the epoch
 * @returns seconds
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 RFC 9110 section 10.2.3}
 */
function readRetryAfter({ status, headers }: TokenAnswer, answeredAt: number): number | undefined {
  const wait = headers.get('retry-after')
  const seconds = readSeconds(wait)
  if (seconds !== undefined) return seconds
  const serverTime = dateFromHttpDate(headers.get('date'))?.getTime()
  // Okta sends the reset with every response, but it is a retry delay only with a 429 or a 503.
  const reset = status === 429 || status === 503 ? readSeconds(headers.get('x-rate-limit-reset')) : undefined
  const instant = wait === null ? toMilliseconds(reset) : dateFromHttpDate(wait)?.getTime()
  const from = serverTime ?? (wait === null ? undefined : answeredAt)
  return instant === undefined || from === undefined ? undefined : Math.max(0, (instant - from) / 1000)
}

function toMilliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000
}

function readSeconds(value: unknown): number | undefined {
  const seconds = (typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value) as number
  // `Number.isFinite` is also false for values that are not numbers.
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined
}
