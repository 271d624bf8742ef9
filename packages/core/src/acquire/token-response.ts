import { secondsFromMilliseconds } from './field-conversions.ts'

/** A response of the token endpoint, with its body. */
export interface TokenAnswer {
  readonly status: number
  readonly headers: Headers
  /** Parsed JSON, a record from a form, or text. */
  readonly body: unknown
}

/** The request that a response answers, for messages and checks. */
export interface AnswerContext {
  readonly provider: string
  /** Origin and path. */
  readonly endpoint: string
  /** When the response arrived: milliseconds since the epoch. */
  readonly answeredAt: number
  /** Collects the texts to remove from the server's text; called only if a message shows such text. */
  readonly secrets: () => readonly string[]
}

/**
 * The fields of a token response in standard names. All are `unknown`, because the core checks what a reader returns, such as an
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

/** Whether a value is an error code. Some servers send `null`, `false`, 0 or `"success"` with a token. */
export function isError(error: unknown): boolean {
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
