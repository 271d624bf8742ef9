import { NightlatchError, type NightlatchErrorDetails } from '../errors.ts'
import { ownMembers } from '../platform/validation.ts'
import { isTokenValue } from './access-token.ts'
import { dateFromHttpDate, secondsFromMilliseconds } from './read-fields.ts'
import { redact } from './redact.ts'

/** An answer of the token endpoint, body read. */
export interface TokenAnswer {
  readonly status: number
  readonly headers: Headers
  /** Parsed JSON, a record from a form, or text. */
  readonly body: unknown
}

/**
 * What an answer says, in standard fields. Everything is `unknown`: what a reader returns is judged by the engine (a lifetime
 * may lie), so that no adapter can get that wrong.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-5 RFC 6749 section 5}
 */
export interface TokenFields {
  readonly accessToken?: unknown
  readonly tokenType?: unknown
  /** A string, or an array of strings. */
  readonly scope?: unknown
  /** Seconds. */
  readonly expiresIn?: unknown
  /** A Date, by the server's clock: its difference from ours is taken off, by the answer's `Date`. */
  readonly expiresAt?: unknown
  /** The server's hint after how many seconds to refresh. */
  readonly refreshIn?: unknown
  /** Present and not empty: the answer is a refusal, whatever its status. A number becomes a string. */
  readonly error?: unknown
  readonly errorDescription?: unknown
  /** Whether the same request may succeed later; default: 408, 429, a 5xx, `temporarily_unavailable` and `server_error` may. */
  readonly retryable?: boolean
  /** Seconds. Default: what the answer's `Retry-After` or `X-Rate-Limit-Reset` says. */
  readonly retryAfter?: unknown
}

/**
 * Reads snake_case and camelCase alike, and errors in the shapes that are common: OAuth's `error` and `error_description`,
 * Okta's `errorCode` and `errorSummary`, an `error` that is an object with a code and a message, a list of these as `error` or
 * `errors`, and the flags `hasError: true`, `success: false` and `ok: false`. The default reading, for readers that build on it.
 */
export function readStandardTokenResponse({ body }: TokenAnswer): TokenFields {
  if (!isRecord(body)) return {}
  return {
    accessToken: pick(body, ['access_token', 'accessToken']),
    tokenType: pick(body, ['token_type', 'tokenType']),
    scope: pick(body, ['scope', 'scopes']),
    expiresIn:
      pick(body, ['expires_in', 'expiresIn']) ?? secondsFromMilliseconds(pick(body, ['expires_in_ms', 'expiresInMs'])),
    refreshIn: pick(body, ['refresh_in', 'refreshIn']),
    ...readStandardError(body),
  }
}

/** Where servers put the words of an error, the most telling first. */
const descriptions = [
  'error_description',
  'errorDescription',
  'error_message',
  'errorMessage',
  'errorSummary',
  'developerMessage',
  'message',
  'description',
  'detail',
  'reason',
] as const

function readStandardError(body: Readonly<Record<string, unknown>>): Pick<TokenFields, 'error' | 'errorDescription'> {
  const error = pick(body, ['error'])
  const isList = Array.isArray(error)
  const whole = isList ? undefined : error
  const listed = [...(isList ? [error] : []), pick(body, ['errors'])].map(firstOf)
  const flagged =
    isFlag(pick(body, ['hasError']), true) ||
    isFlag(pick(body, ['success']), false) ||
    isFlag(pick(body, ['ok']), false)
  const errors = [
    readCode(whole),
    readCode(pick(body, ['errorCode', 'error_code'])),
    ...listed.map((first) => (typeof first === 'string' ? first !== '' : readCode(first))),
    flagged,
  ].filter(isError)
  const inner = [whole, ...listed].find(isRecord)
  return {
    // A code says more than the mere fact.
    error: errors.find((code) => code !== true) ?? errors[0],
    errorDescription:
      (inner === undefined ? undefined : pick(inner, descriptions)) ??
      pick(body, descriptions) ??
      listed.find((first) => typeof first === 'string'),
  }
}

/** Of a list the first, else the value itself. */
function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value
}

/** In a form, a flag is a text. */
function isFlag(value: unknown, flag: boolean): boolean {
  return value === flag || value === String(flag)
}

/** The code of an error that may be an object; `true` for one without a code. */
function readCode(error: unknown): unknown {
  if (Array.isArray(error)) return error.length > 0
  return isRecord(error) ? (pick(error, ['error', 'code', 'errorCode', 'type', 'status']) ?? true) : error
}

/** The first that is there: own, and neither `null` nor `undefined`. */
function pick(body: Readonly<Record<string, unknown>>, names: readonly string[]): unknown {
  const name = names.find((one) => Object.hasOwn(body, one) && body[one] !== null && body[one] !== undefined)
  return name === undefined ? undefined : body[name]
}

/** Names of the answer that have a field of their own and are not `extra`. */
const standardNames: ReadonlySet<string> = new Set([
  'access_token',
  'accessToken',
  'token_type',
  'tokenType',
  'scope',
  'scopes',
  'expires_in',
  'expiresIn',
  'expires_in_ms',
  'expiresInMs',
  'refresh_in',
  'refreshIn',
  '__proto__',
])

/** The answer's other fields, without another copy of the token wherever a provider's reader found it. */
export function readExtra(body: unknown, accessToken: string): Readonly<Record<string, unknown>> {
  if (!isRecord(body)) return {}
  const others = Object.fromEntries(Object.entries(body).filter(([name]) => !standardNames.has(name)))
  return withoutText(others, accessToken, deepest) as Record<string, unknown>
}

/** Deeper than this no answer keeps a token that anybody reads. */
const deepest = 16

/** A copy of a value that is JSON, without the members of objects that are this text. */
function withoutText(value: unknown, text: string, depth: number): unknown {
  if (depth === 0 || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.filter((one) => one !== text).map((one) => withoutText(one, text, depth - 1))
  const kept = Object.entries(value).filter(([, member]) => member !== text)
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutText(member, text, depth - 1)]))
}

/** What the engine makes of an answer that holds a usable token. The lifetime is judged where the clocks are: lifetime.ts. */
export interface JudgedToken {
  readonly accessToken: string
  readonly tokenType: 'Bearer' | 'DPoP'
  /** `undefined`: the answer names none. */
  readonly scopes: readonly string[] | undefined
  readonly expiresIn: unknown
  readonly expiresAt: unknown
  readonly refreshIn: unknown
}

/** Where an answer came from, for messages and for judging. */
export interface AnswerContext {
  readonly provider: string
  /** Origin and path of the token endpoint. */
  readonly endpoint: string
  readonly scopeSeparator: string
  /** When the answer came: milliseconds since the epoch. */
  readonly answeredAt: number
  /** Whether the token was asked for with a proof of possession, to be bound to its key. */
  readonly bound?: boolean
  /** Texts that must not leave with the server's words; asked for when there are words to be shown. */
  readonly secrets: () => readonly string[]
}

/** Codes by which a server says no for good, whatever the status they come with. */
const refusals: ReadonlySet<string> = new Set([
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

/** Codes by which a server says that it may work later. */
const passing: ReadonlySet<string> = new Set([
  'server_error',
  'slow_down',
  'temporarily_unavailable',
  'too_many_requests',
])

/**
 * Judges an answer: refusals first, then the status, then each field.
 *
 * @param read the provider's reader
 * @throws NightlatchError `grant_refused`, `endpoint_unavailable` or `response_unreadable`
 */
export function judgeTokenAnswer(
  answer: TokenAnswer,
  read: (answer: TokenAnswer) => TokenFields,
  context: AnswerContext,
): JudgedToken {
  const { status } = answer
  const unreadable = (what: string, details?: NightlatchErrorDetails): NightlatchError =>
    toUnreadable(answer, what, context, details)
  refuseRedirect(answer, context)
  const fields = readFields(answer, read)
  // A server may repeat the token beside an error, too.
  const { accessToken } = fields
  const judging: AnswerContext =
    typeof accessToken === 'string' && accessToken.length >= 4
      ? { ...context, secrets: () => [...context.secrets(), accessToken] }
      : context
  refuseForeignPage(answer, fields, context)
  if (isError(fields.error) || status < 200 || status > 299) throw toRefusal(answer, fields, judging)
  if (fields === readerFailed) throw unreadable("the provider's readTokenResponse threw instead of returning fields")

  if (typeof accessToken !== 'string' || accessToken === '') {
    throw unreadable(`with ${describeBody(answer)}`)
  }
  if (!isTokenValue(accessToken)) {
    throw unreadable('its token holds characters that no header may carry')
  }
  return {
    accessToken,
    tokenType: judgeTokenType(fields.tokenType, unreadable, judging),
    scopes: judgeScope(fields.scope, context.scopeSeparator),
    expiresIn: fields.expiresIn,
    expiresAt: fields.expiresAt,
    refreshIn: fields.refreshIn,
  }
}

/**
 * Judges the answer of a revocation endpoint. With a 2xx the token is revoked, whatever the body says.
 *
 * @param read the provider's reader, for errors
 * @throws NightlatchError `grant_refused`, `endpoint_unavailable` or `response_unreadable`
 * @see {@link https://www.rfc-editor.org/rfc/rfc7009#section-2.2 RFC 7009 section 2.2}
 */
export function judgeRevocationAnswer(
  answer: TokenAnswer,
  read: (answer: TokenAnswer) => TokenFields,
  context: AnswerContext,
): void {
  if (answer.status > 199 && answer.status < 300) return
  refuseRedirect(answer, context)
  const fields = readFields(answer, read)
  refuseForeignPage(answer, fields, context)
  throw toRefusal(answer, fields, context, 'did not revoke the token:')
}

function toUnreadable(
  answer: TokenAnswer,
  what: string,
  { provider, endpoint, secrets }: AnswerContext,
  details: NightlatchErrorDetails = {},
): NightlatchError {
  const { status } = answer
  return new NightlatchError('response_unreadable', `${provider}: ${endpoint} answered ${status}, but ${what}`, {
    provider,
    status,
    requestId: readRequestId(answer, secrets),
    ...details,
  })
}

function refuseRedirect(answer: TokenAnswer, context: AnswerContext): void {
  if (!isRedirect(answer.status)) return
  const what = 'with a redirect, which is refused: it would send the client secret elsewhere; is the URL right?'
  throw toUnreadable(answer, what, context)
}

/** A page does not come from the authorization server, so it says nothing about the client. */
function refuseForeignPage(answer: TokenAnswer, fields: TokenFields, context: AnswerContext): void {
  if (!isForeignPage(answer, fields)) return
  const retry = readRetry(answer, fields, false, context.answeredAt)
  throw toUnreadable(answer, `with ${describeBody(answer)}`, context, retry)
}

const readerFailed: TokenFields = Object.freeze(Object.create(null))

/** A reader's exception may quote the body, so nothing of it is kept; the status can still tell a refusal. */
function readFields(answer: TokenAnswer, read: (answer: TokenAnswer) => TokenFields): TokenFields {
  try {
    const fields: unknown = read(answer)
    if (typeof fields !== 'object' || fields === null) return readerFailed
    // Read here, once: a getter may throw as the reader itself may.
    return ownMembers(fields)
  } catch {
    return readerFailed
  }
}

/** `error: null`, `false`, an error code of 0 and `errorCode: "success"` are how some servers say that all is well. */
function isError(error: unknown): boolean {
  if (typeof error !== 'string') return error !== undefined && error !== null && error !== false && error !== 0
  if (error.length > 20) return true
  const word = error.trim().toLowerCase()
  return !successWords.has(word) && word.replaceAll('0', '') !== ''
}

const successWords: ReadonlySet<string> = new Set([
  'success',
  'successful',
  'succeeded',
  'ok',
  'none',
  'no_error',
  'false',
  'null',
])

/** Status 0 is what a browser's `fetch` shows of a redirect it did not follow. */
function isRedirect(status: number): boolean {
  return status === 0 || (status > 299 && status < 400)
}

/** Whether a 4xx has a body of text in which nothing of OAuth was found: a page of a proxy, a firewall or a login. */
function isForeignPage({ status, body }: TokenAnswer, { error, errorDescription }: TokenFields): boolean {
  const isSilent = !isError(error) && errorDescription === undefined
  return status > 399 && status < 500 && isSilent && typeof body === 'string' && body.trim() !== ''
}

/** @param refused what the server did, in words */
function toRefusal(
  answer: TokenAnswer,
  fields: TokenFields,
  context: AnswerContext,
  refused = 'refused the grant with',
): NightlatchError {
  const { provider, endpoint, answeredAt } = context
  const { status } = answer
  const secrets = context.secrets()
  // The codes that are known hold no secret, whatever they share with one.
  const known = typeof fields.error === 'string' && (refusals.has(fields.error) || passing.has(fields.error))
  const error = known ? String(fields.error) : toText(fields.error, secrets)
  const errorDescription = toText(fields.errorDescription, secrets)
  const said = [error, errorDescription].filter((one) => one !== undefined).join(': ')
  const unavailable = status > 499 && !(error !== undefined && refusals.has(error))
  return new NightlatchError(
    unavailable ? 'endpoint_unavailable' : 'grant_refused',
    `${provider}: ${endpoint} ${unavailable ? 'failed with' : refused} status ${status}${said === '' ? '' : ` (${said})`}`,
    {
      provider,
      status,
      error,
      errorDescription,
      requestId: readRequestId(answer, context.secrets),
      // A 401 is about the client's credentials, so the same request cannot succeed later, whatever the words beside it.
      ...readRetry(
        answer,
        fields,
        unavailable || (status !== 401 && error !== undefined && passing.has(error)),
        answeredAt,
      ),
    },
  )
}

/** Whether and when the request may be sent again: by the provider's reader, or else by the status. */
function readRetry(
  answer: TokenAnswer,
  fields: TokenFields,
  passes: boolean,
  answeredAt: number,
): Pick<NightlatchErrorDetails, 'retryable' | 'retryAfter'> {
  const { status } = answer
  const retryable = passes || status === 408 || status === 429
  return {
    retryable: typeof fields.retryable === 'boolean' ? fields.retryable : retryable,
    retryAfter: readSeconds(fields.retryAfter) ?? readRetryAfter(answer, answeredAt),
  }
}

/** Where servers say how they call a request, the most telling first. */
const requestIdNames = ['correlation_id', 'correlationId', 'trace_id', 'traceId', 'request_id', 'requestId'] as const
const requestIdHeaders = [
  'x-request-id',
  'x-ms-request-id',
  'x-correlation-id',
  'x-okta-request-id',
  'request-id',
] as const

/** The server's own id of the request; an id is short and has no space in it. */
function readRequestId({ body, headers }: TokenAnswer, secrets: () => readonly string[]): string | undefined {
  const named = isRecord(body) ? requestIdNames.map((name) => pick(body, [name])) : []
  const ids = [...named, ...requestIdHeaders.map((name) => headers.get(name))].map((id) =>
    typeof id === 'number' ? String(id) : id,
  )
  const id = ids.find((one): one is string => typeof one === 'string' && /^[\x21-\x7e]{1,200}$/.test(one))
  return id !== undefined && redact(id, secrets()) === id ? id : undefined
}

function toText(value: unknown, secrets: readonly string[]): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const text = redact(String(value), secrets)
  return text === '' ? undefined : text
}

function judgeTokenType(
  type: unknown,
  unreadable: (what: string) => NightlatchError,
  { secrets, bound }: AnswerContext,
): 'Bearer' | 'DPoP' {
  const unnamed = type === undefined || type === null || type === ''
  const name = unnamed ? 'bearer' : typeof type === 'string' ? type.toLowerCase() : undefined
  if (bound && name === 'dpop') return 'DPoP'
  if (!bound && name === 'bearer') return 'Bearer'
  const shown = unnamed ? 'missing' : typeof type === 'string' ? `"${redact(type, secrets())}"` : `a ${typeof type}`
  if (bound) {
    throw unreadable(
      `its token_type is ${shown}, not DPoP: the token is bound to no key; if the server binds none, take \`dpop\` out of the provider`,
    )
  }
  throw unreadable(
    `its token_type is ${shown}, not Bearer; where the API takes the token as a Bearer token, let the provider's readTokenResponse return tokenType: 'Bearer'`,
  )
}

function judgeScope(scope: unknown, separator: string): readonly string[] | undefined {
  const words: readonly unknown[] = Array.isArray(scope) ? scope : [scope]
  const scopes = words
    .filter((one): one is string => typeof one === 'string')
    .flatMap((one) => one.split(separator).flatMap((part) => part.split(/\s/)))
    .filter((one) => one !== '')
  return scopes.length > 0 ? [...new Set(scopes)] : undefined
}

/** The kind of a body, never the body itself (rule X2). */
function describeBody({ body, headers }: TokenAnswer): string {
  if (typeof body !== 'string')
    return `${Array.isArray(body) ? 'a JSON array' : 'JSON'} that holds neither a token nor an error`
  // A byte order mark is white space to `trim`.
  const begin = body.slice(0, 1024).trimStart().toLowerCase()
  if (begin === '' && body.trim() === '') return 'an empty body'
  const isSaidToBe = headers.get('content-type')?.toLowerCase().startsWith('text/html') === true
  const isPage = begin.startsWith('<') && (isSaidToBe || pageBegins.some((one) => begin.includes(one)))
  return `${isPage ? 'an HTML page (a login page, or a proxy on the way?)' : 'text'}, not with an OAuth answer`
}

/** A web page may have an XML declaration or a comment before these. */
const pageBegins = ['<!doctype', '<html', '<head', '<body']

/**
 * How long to wait: `Retry-After` in seconds or as a date, else Okta's `X-Rate-Limit-Reset`, an instant in seconds. Instants are
 * compared with the answer's own `Date`, because they were read from the server's clock; without one, a `Retry-After` counts
 * from when the answer came.
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
  // Okta tells the reset with every answer: it says when to come back only where the limit, or an outage, refused.
  const reset = status === 429 || status === 503 ? readSeconds(headers.get('x-rate-limit-reset')) : undefined
  const instant = wait === null ? toMilliseconds(reset) : dateFromHttpDate(wait)?.getTime()
  const from = serverTime ?? (wait === null ? undefined : answeredAt)
  return instant === undefined || from === undefined ? undefined : Math.max(0, (instant - from) / 1000)
}

function toMilliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000
}

function readSeconds(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
