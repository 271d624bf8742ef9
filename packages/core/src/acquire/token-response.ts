import { LatchkeyError } from '../errors.ts'
import { isTokenValue } from './access-token.ts'
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
  /** A Date. */
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
 * Reads snake_case and camelCase alike, OAuth's error fields, Okta's (`errorCode`, `errorSummary`) and a `hasError` flag. The
 * default reading, for readers that build on it.
 */
export function readStandardTokenResponse({ body }: TokenAnswer): TokenFields {
  if (!isRecord(body)) return {}
  const pick = (...names: readonly string[]): unknown => {
    const name = names.find((one) => Object.hasOwn(body, one) && body[one] !== null && body[one] !== undefined)
    return name === undefined ? undefined : body[name]
  }
  const flag = pick('hasError')
  const error = [pick('error'), pick('errorCode'), flag === true || flag === 'true'].find(isError)
  return {
    accessToken: pick('access_token', 'accessToken'),
    tokenType: pick('token_type', 'tokenType'),
    scope: pick('scope', 'scopes'),
    expiresIn: pick('expires_in', 'expiresIn'),
    refreshIn: pick('refresh_in', 'refreshIn'),
    error,
    errorDescription: pick('error_description', 'errorDescription', 'errorSummary'),
  }
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
  'refresh_in',
  'refreshIn',
  // Not fields of their own, but secrets that nobody asked for.
  'refresh_token',
  'refreshToken',
  'id_token',
  'idToken',
  '__proto__',
])

/** The answer's other fields. */
export function readExtra(body: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(body)) return {}
  return Object.fromEntries(Object.entries(body).filter(([name]) => !standardNames.has(name)))
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
  /** Whether the token was asked for with a proof of possession, to be bound to its key. */
  readonly bound?: boolean
  /** Texts that must not leave with the server's words. */
  readonly secrets: readonly string[]
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
 * @throws LatchkeyError `grant_refused`, `endpoint_unavailable` or `response_unreadable`
 */
export function judgeTokenAnswer(
  answer: TokenAnswer,
  read: (answer: TokenAnswer) => TokenFields,
  context: AnswerContext,
): JudgedToken {
  const { provider, endpoint } = context
  const { status } = answer
  const unreadable = (what: string): LatchkeyError =>
    new LatchkeyError('response_unreadable', `${provider}: ${endpoint} answered ${status}, but ${what}`, {
      provider,
      status,
    })

  if (isRedirect(status)) {
    throw unreadable('with a redirect, which is refused: it would send the client secret elsewhere; is the URL right?')
  }
  const fields = readFields(answer, read)
  // A server may repeat the token beside an error, too.
  const { accessToken } = fields
  const judging: AnswerContext =
    typeof accessToken === 'string' && accessToken.length >= 4
      ? { ...context, secrets: [...context.secrets, accessToken] }
      : context
  if (isError(fields.error) || status < 200 || status > 299) throw toRefusal(answer, fields, judging)
  if (fields === readerFailed) throw unreadable("the provider's readTokenResponse threw instead of returning fields")

  if (typeof accessToken !== 'string' || accessToken === '') {
    throw unreadable(`there is neither a token nor an error in its ${describeBody(answer.body)}`)
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

const readerFailed: TokenFields = {}

/** A reader's exception may quote the body, so nothing of it is kept; the status can still tell a refusal. */
function readFields(answer: TokenAnswer, read: (answer: TokenAnswer) => TokenFields): TokenFields {
  try {
    const fields: unknown = read(answer)
    if (typeof fields !== 'object' || fields === null) return readerFailed
    // Read here, once: a getter may throw as the reader itself may.
    return { ...fields }
  } catch {
    return readerFailed
  }
}

/** `error: null`, `''`, `false` and an error code of 0 are how some servers say that all is well. */
function isError(error: unknown): boolean {
  return error !== undefined && error !== null && error !== '' && error !== false && error !== 0
}

/** Status 0 is what a browser's `fetch` shows of a redirect it did not follow. */
function isRedirect(status: number): boolean {
  return status === 0 || (status > 299 && status < 400)
}

function toRefusal(answer: TokenAnswer, fields: TokenFields, context: AnswerContext): LatchkeyError {
  const { provider, endpoint, secrets } = context
  const { status } = answer
  const error = toText(fields.error, secrets)
  const errorDescription = toText(fields.errorDescription, secrets)
  const said = [error, errorDescription].filter((one) => one !== undefined).join(': ')
  const unavailable = status > 499 && !(error !== undefined && refusals.has(error))
  const passes = status === 408 || status === 429 || unavailable || (error !== undefined && passing.has(error))
  return new LatchkeyError(
    unavailable ? 'endpoint_unavailable' : 'grant_refused',
    `${provider}: ${endpoint} ${unavailable ? 'failed' : 'refused the grant'} with status ${status}${said === '' ? '' : ` (${said})`}`,
    {
      provider,
      status,
      error,
      errorDescription,
      retryable: typeof fields.retryable === 'boolean' ? fields.retryable : passes,
      retryAfter: readSeconds(fields.retryAfter) ?? readRetryAfter(answer),
    },
  )
}

function toText(value: unknown, secrets: readonly string[]): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const text = redact(String(value), secrets)
  return text === '' ? undefined : text
}

function judgeTokenType(
  type: unknown,
  unreadable: (what: string) => LatchkeyError,
  { secrets, bound }: AnswerContext,
): 'Bearer' | 'DPoP' {
  const unnamed = type === undefined || type === null || type === ''
  const name = unnamed ? 'bearer' : typeof type === 'string' ? type.toLowerCase() : undefined
  if (bound && name === 'dpop') return 'DPoP'
  const shown = unnamed ? 'missing' : typeof type === 'string' ? `"${redact(type, secrets)}"` : `a ${typeof type}`
  if (bound) {
    throw unreadable(
      `its token_type is ${shown}, not DPoP: the token is bound to no key; if the server binds none, take \`dpop\` out of the provider`,
    )
  }
  if (name === 'bearer') return 'Bearer'
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
function describeBody(body: unknown): string {
  if (typeof body !== 'string') return Array.isArray(body) ? 'JSON array' : 'JSON'
  if (body.trim() === '') return 'empty body'
  return /^\s*(<!doctype|<html)/i.test(body) ? 'HTML page (a login page, or a proxy on the way?)' : 'text'
}

/**
 * How long to wait: `Retry-After` in seconds or as a date, else Okta's `X-Rate-Limit-Reset`, an instant in seconds; instants
 * are held against the answer's own `Date`, since the server's clock is the one they were read from.
 *
 * @returns seconds
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 RFC 9110 section 10.2.3}
 */
function readRetryAfter({ status, headers }: TokenAnswer): number | undefined {
  const wait = headers.get('retry-after')
  const seconds = readSeconds(wait)
  if (seconds !== undefined) return seconds
  const serverTime = Date.parse(headers.get('date') ?? '')
  // Okta tells the reset with every answer: it says when to come back only where the limit, or an outage, refused.
  const reset = status === 429 || status === 503 ? readSeconds(headers.get('x-rate-limit-reset')) : undefined
  const instant = wait === null ? (reset ?? Number.NaN) * 1000 : readHttpDate(wait)
  const rest = (instant - serverTime) / 1000
  return Number.isFinite(rest) ? Math.max(0, rest) : undefined
}

/** Only what looks like an HTTP date: `Date.parse` makes a date of `-5`, too. */
function readHttpDate(value: string): number {
  return /^[A-Za-z]{3,9}, /.test(value) ? Date.parse(value) : Number.NaN
}

function readSeconds(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
