import { NightlatchError, type NightlatchErrorDetails } from '../errors.ts'
import { ownMembers } from '../platform/validation.ts'
import { isTokenValue } from './access-token.ts'
import { dateFromHttpDate, secondsFromMilliseconds } from './read-fields.ts'
import { redact } from './redact.ts'

/** A response of the token endpoint, with its body. */
export interface TokenAnswer {
  readonly status: number
  readonly headers: Headers
  /** Parsed JSON, a record from a form, or text. */
  readonly body: unknown
}

/**
 * The fields of a token response in standard names. All are `unknown`, because the engine checks what a reader returns, such as an
 * invalid lifetime.
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
  /** A Date by the server's clock; the response's `Date` corrects the difference from this machine's clock. */
  readonly expiresAt?: unknown
  /** The server's hint when to refresh, in seconds. */
  readonly refreshIn?: unknown
  /** An error code. If it is present and not empty, the grant has failed, whatever the status; a number becomes a string. */
  readonly error?: unknown
  readonly errorDescription?: unknown
  /** Whether the same request may succeed later. Default: for 408, 429, 5xx, `temporarily_unavailable` and `server_error`. */
  readonly retryable?: boolean
  /** Seconds. Default: from the response's `Retry-After` or `X-Rate-Limit-Reset`. */
  readonly retryAfter?: unknown
}

/**
 * Reads a token response with names in snake_case or camelCase; the default of `readTokenResponse`. It also reads the common
 * forms of errors: OAuth's, Okta's, objects and lists with a code and a message, and the flags `hasError`, `success` and `ok`.
 *
 * @param answer the response, with its JSON body parsed
 * @returns the fields that are present; it never throws
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-5 RFC 6749 section 5}
 * @example
 * ```ts
 * const acme: Provider = {
 *   name: 'acme',
 *   tokenEndpoint: 'https://login.acme.example/token',
 *   // The response is wrapped: { data: { token, expires_in } }.
 *   readTokenResponse: (answer) => {
 *     const data = readPath(answer.body, 'data')
 *     return { ...readStandardTokenResponse({ ...answer, body: data }), accessToken: readPath(data, 'token') }
 *   },
 * }
 * ```
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

/** Members that contain an error's description, the most specific first. */
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
    // A code is more specific than a flag.
    error: errors.find((code) => code !== true) ?? errors[0],
    errorDescription:
      (inner === undefined ? undefined : pick(inner, descriptions)) ??
      pick(body, descriptions) ??
      listed.find((first) => typeof first === 'string'),
  }
}

/** Returns the first item of a list, or the value itself. */
function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value
}

/** Whether a value is this flag, which is text in a form. */
function isFlag(value: unknown, flag: boolean): boolean {
  return value === flag || value === String(flag)
}

/** Reads the code of an error that may be an object; `true` if it has none. */
function readCode(error: unknown): unknown {
  if (Array.isArray(error)) return error.length > 0
  return isRecord(error) ? (pick(error, ['error', 'code', 'errorCode', 'type', 'status']) ?? true) : error
}

/** Reads the first own member that is neither `null` nor `undefined`. */
function pick(body: Readonly<Record<string, unknown>>, names: readonly string[]): unknown {
  const name = names.find((one) => Object.hasOwn(body, one) && body[one] !== null && body[one] !== undefined)
  return name === undefined ? undefined : body[name]
}

/** Members of a response that have their own field and are not part of `extra`. */
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

/** Reads the response's other fields, without any copy of the token. */
export function readExtra(body: unknown, accessToken: string): Readonly<Record<string, unknown>> {
  if (!isRecord(body)) return {}
  const others = Object.fromEntries(Object.entries(body).filter(([name]) => !standardNames.has(name)))
  return withoutText(others, accessToken, maxDepth) as Record<string, unknown>
}

/** Levels that are searched for the token; providers nest it far less. */
const maxDepth = 16

/** Copies a JSON value without the members and items that are this text. */
function withoutText(value: unknown, text: string, depth: number): unknown {
  if (depth === 0 || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.filter((one) => one !== text).map((one) => withoutText(one, text, depth - 1))
  const kept = Object.entries(value).filter(([, member]) => member !== text)
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutText(member, text, depth - 1)]))
}

/** A response with a usable token. lifetime.ts checks the lifetime. */
export interface JudgedToken {
  readonly accessToken: string
  readonly tokenType: 'Bearer' | 'DPoP'
  /** `undefined` if the response names none. */
  readonly scopes: readonly string[] | undefined
  readonly expiresIn: unknown
  readonly expiresAt: unknown
  readonly refreshIn: unknown
}

/** The context of a response, for messages and checks. */
export interface AnswerContext {
  readonly provider: string
  /** Origin and path of the token endpoint. */
  readonly endpoint: string
  readonly scopeSeparator: string
  /** When the response arrived: milliseconds since the epoch. */
  readonly answeredAt: number
  /** Whether the token was requested with a DPoP proof, so that it must be bound to the key. */
  readonly bound?: boolean
  /** Collects the texts to remove from the server's text; called only if a message shows such text. */
  readonly secrets: () => readonly string[]
}

/** Error codes that are final, whatever their status. */
const finalErrors: ReadonlySet<string> = new Set([
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
const temporaryErrors: ReadonlySet<string> = new Set([
  'server_error',
  'slow_down',
  'temporarily_unavailable',
  'too_many_requests',
])

/**
 * Checks a response: its status and error first, then each field.
 *
 * @param read the provider's `readTokenResponse`
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
  refuseRedirect(answer, context, 'tokenEndpoint')
  const fields = readFields(answer, read)
  // A server may also quote the token in an error.
  const { accessToken } = fields
  const contextWithToken: AnswerContext =
    typeof accessToken === 'string' && accessToken.length >= 4
      ? { ...context, secrets: () => [...context.secrets(), accessToken] }
      : context
  refuseForeignPage(answer, fields, context)
  if (isError(fields.error) || status < 200 || status > 299) throw toGrantError(answer, fields, contextWithToken)
  if (fields === readerFailed) throw unreadable("the provider's readTokenResponse threw instead of returning fields")

  if (typeof accessToken !== 'string' || accessToken === '') {
    throw unreadable(`with ${describeBody(answer)}`)
  }
  if (!isTokenValue(accessToken)) {
    throw unreadable('its token contains characters that a header cannot carry')
  }
  return {
    accessToken,
    tokenType: judgeTokenType(fields.tokenType, unreadable, contextWithToken),
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
  refuseRedirect(answer, context, 'revocationEndpoint')
  const fields = readFields(answer, read)
  refuseForeignPage(answer, fields, context)
  throw toGrantError(answer, fields, context, 'did not revoke the token:')
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

function refuseRedirect(
  answer: TokenAnswer,
  context: AnswerContext,
  field: 'tokenEndpoint' | 'revocationEndpoint',
): void {
  if (!isRedirect(answer.status)) return
  const what = `with a redirect, which is not followed because it could send the client secret to another server. Check the provider's ${field} or issuer.`
  throw toUnreadable(answer, what, context)
}

/** A page does not come from the authorization server, so it says nothing about the client. */
function refuseForeignPage(answer: TokenAnswer, fields: TokenFields, context: AnswerContext): void {
  if (!isForeignPage(answer, fields)) return
  const retry = readRetry(answer, fields, false, context.answeredAt)
  throw toUnreadable(answer, `with ${describeBody(answer)}`, context, retry)
}

const readerFailed: TokenFields = /* @__PURE__ */ Object.freeze(/* @__PURE__ */ Object.create(null))

/** Runs the provider's reader. Its exception is dropped because it may quote the body, and the status still shows an error. */
function readFields(answer: TokenAnswer, read: (answer: TokenAnswer) => TokenFields): TokenFields {
  try {
    const fields: unknown = read(answer)
    if (typeof fields !== 'object' || fields === null) return readerFailed
    // Copied within `try`, because a getter may throw like the reader itself.
    return ownMembers(fields)
  } catch {
    return readerFailed
  }
}

/** Whether a value is an error code. Some servers send `null`, `false`, 0 or `"success"` with a token. */
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

/** Whether a status is a redirect. Browsers show status 0 for a redirect that was not followed. */
function isRedirect(status: number): boolean {
  return status === 0 || (status > 299 && status < 400)
}

/** Whether a 4xx response is text without an OAuth error: a page of a proxy, a firewall or a login. */
function isForeignPage({ status, body }: TokenAnswer, { error, errorDescription }: TokenFields): boolean {
  const isSilent = !isError(error) && errorDescription === undefined
  return status > 399 && status < 500 && isSilent && typeof body === 'string' && body.trim() !== ''
}

/** @param refused what the server did, in words */
function toGrantError(
  answer: TokenAnswer,
  fields: TokenFields,
  context: AnswerContext,
  refused = 'refused the grant with',
): NightlatchError {
  const { provider, endpoint, answeredAt } = context
  const { status } = answer
  const secrets = context.secrets()
  // Known codes are not redacted, even if a secret contains the same text.
  const known = typeof fields.error === 'string' && (finalErrors.has(fields.error) || temporaryErrors.has(fields.error))
  const error = known ? String(fields.error) : toText(fields.error, secrets)
  const errorDescription = toText(fields.errorDescription, secrets)
  const said = [error, errorDescription].filter((one) => one !== undefined).join(': ')
  const unavailable = status > 499 && !(error !== undefined && finalErrors.has(error))
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
      ...readRetry(
        answer,
        fields,
        unavailable || (status !== 401 && error !== undefined && temporaryErrors.has(error)),
        answeredAt,
      ),
    },
  )
}

/** Reads whether and when the request may be sent again: from the provider's reader, else from the status. */
function readRetry(
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
      `its token_type is ${shown}, not DPoP, so the token is not bound to the key. If the server does not support DPoP, remove \`dpop\` from the provider.`,
    )
  }
  throw unreadable(
    `its token_type is ${shown}, not Bearer. If the API accepts the token as a Bearer token, return tokenType: 'Bearer' from the provider's readTokenResponse.`,
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

/** Describes the kind of a body, never its content (rule X2). */
function describeBody({ body, headers }: TokenAnswer): string {
  if (typeof body !== 'string')
    return `${Array.isArray(body) ? 'a JSON array' : 'JSON'} that contains neither a token nor an error`
  // `trimStart` also removes a byte order mark.
  const begin = body.slice(0, 1024).trimStart().toLowerCase()
  if (begin === '' && body.trim() === '') return 'an empty body'
  const isSaidToBe = headers.get('content-type')?.toLowerCase().startsWith('text/html') === true
  const isPage = begin.startsWith('<') && (isSaidToBe || pageBegins.some((one) => begin.includes(one)))
  return `${isPage ? 'an HTML page (possibly of a login or a proxy)' : 'text'}, not with an OAuth response`
}

/** Tags that identify a web page; an XML declaration or a comment may come before them. */
const pageBegins = ['<!doctype', '<html', '<head', '<body']

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
  const seconds = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
