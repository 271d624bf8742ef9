/**
 * The kind of failure. docs/errors.md says when each occurs and what to do.
 *
 * - `invalid_options`: an option, a credential or a provider's description is wrong; the message names it by its path.
 * - `grant_refused`: the authorization server rejected the request: an OAuth error with any status, or a 4xx whose body is empty
 *   or JSON.
 * - `response_unreadable`: the response contains neither a usable token nor an OAuth error; it is an HTML page, for example.
 * - `endpoint_unavailable`: the server did not respond, or responded with a 5xx.
 * - `timed_out`: the deadline of the grant or of the discovery passed.
 * - `discovery_failed`: the issuer's metadata or the API's base URL could not be discovered.
 * - `origin_refused`: the URL's origin is not allowed for the token.
 */
export type ErrorCode =
  | 'invalid_options'
  | 'grant_refused'
  | 'response_unreadable'
  | 'endpoint_unavailable'
  | 'timed_out'
  | 'discovery_failed'
  | 'origin_refused'

/** The same in all copies of this package, so that each recognises the errors of the others. */
const brand = Symbol.for('nightlatch.error')

/** The `instanceof` of `NightlatchError`. A subclass recognises its own instances only. */
function isInstance(this: unknown, value: unknown): boolean {
  if (this !== NightlatchError) return Function.prototype[Symbol.hasInstance].call(this, value)
  // Only a prototype has the brand itself; an error inherits it.
  return typeof value === 'object' && value !== null && brand in value && !Object.hasOwn(value, brand)
}

/** Details of a failure; each field as on {@link NightlatchError}. */
export interface NightlatchErrorDetails {
  readonly provider?: string | undefined
  readonly retryable?: boolean | undefined
  readonly status?: number | undefined
  readonly error?: string | undefined
  readonly errorDescription?: string | undefined
  readonly retryAfter?: number | undefined
  readonly hints?: readonly string[] | undefined
  readonly requestId?: string | undefined
  readonly label?: string | undefined
}

/**
 * The only error class of this library. It never contains a body, a header, a query or a cause, so it can be logged as it is.
 *
 * `instanceof NightlatchError` also recognises errors of other copies of this package, which bundlers and test runners may load.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-5.2 RFC 6749 section 5.2}
 */
export class NightlatchError extends Error {
  static {
    // On the prototype, as in the platform's own errors, so that `name` is no enumerable field.
    Object.defineProperty(NightlatchError.prototype, 'name', {
      value: 'NightlatchError',
      configurable: true,
      writable: true,
    })
    Object.defineProperty(NightlatchError.prototype, brand, { value: true })
    Object.defineProperty(NightlatchError, Symbol.hasInstance, { value: isInstance })
  }

  /** The kind of failure. */
  readonly code: ErrorCode
  /** The provider's name; `undefined` if it is not known yet. */
  readonly provider: string | undefined
  /** Whether the same call may succeed later without a change of settings. */
  readonly retryable: boolean
  /** HTTP status of the response, if there was one. */
  readonly status: number | undefined
  /** The OAuth error code, if there was one. */
  readonly error: string | undefined
  /** The authorization server's description, if there was one; without secrets, at most 2,000 characters. */
  readonly errorDescription: string | undefined
  /** Seconds that the server asked to wait, if it did. */
  readonly retryAfter: number | undefined
  /** What to check, from the provider. */
  readonly hints: readonly string[]
  /** The server's id of the request, from the response's body or a header, by which its operators find the request. */
  readonly requestId: string | undefined
  /** The client's `label`, or a pool's tenant. The message has it in parentheses after the provider's name. */
  readonly label: string | undefined

  constructor(code: ErrorCode, message: string, details: NightlatchErrorDetails = {}) {
    super(message)
    this.code = code
    this.provider = details.provider
    this.retryable = details.retryable ?? false
    this.status = details.status
    this.error = details.error
    this.errorDescription = details.errorDescription
    this.retryAfter = details.retryAfter
    this.hints = details.hints ?? []
    this.requestId = details.requestId
    this.label = details.label
  }

  /** The URL of the documentation's section about this code: when it occurs, and what to do. */
  get help(): string {
    return `https://github.com/nightlatch/nightlatch/blob/main/docs/errors.md#${this.code}`
  }

  /** All fields and the message, for JSON logs. */
  toJSON(): object {
    const { name, message } = this
    return Object.assign({ name, message }, this)
  }
}

/** Copies an error and adds hints, each once. */
export function withHints(error: NightlatchError, hints: readonly string[]): NightlatchError {
  return copyError(error, error.message, { hints: [...new Set([...error.hints, ...hints])] })
}

/** Copies an error and adds the client's label; other values, and errors with a label, stay as they are. */
export function withLabel(failure: NightlatchError, label: string | undefined): NightlatchError
export function withLabel(failure: unknown, label: string | undefined): unknown
export function withLabel(failure: unknown, label: string | undefined): unknown {
  if (label === undefined || !(failure instanceof NightlatchError) || failure.label !== undefined) return failure
  const { provider, message } = failure
  const prefix = `${provider}: `
  const said = message.startsWith(prefix) ? message.slice(prefix.length) : message
  return copyError(failure, `${provider === undefined ? label : `${provider} (${label})`}: ${said}`, { label })
}

function copyError(error: NightlatchError, message: string, details: NightlatchErrorDetails): NightlatchError {
  const copy = new NightlatchError(error.code, message, { ...error, ...details })
  const heading = `${error.name}: ${error.message}`
  // The stack of the failure, not of the copy; in some engines it begins with the message.
  const { stack } = error
  if (stack !== undefined) {
    copy.stack = stack.startsWith(heading) ? `${copy.name}: ${message}${stack.slice(heading.length)}` : stack
  }
  return copy
}

/** Shows a URL's origin and path only, because a query may contain secrets (rule X2). */
export function showUrl(url: URL): string {
  return `${url.origin}${url.pathname}`
}

/**
 * Replaces a TypeError that a provider's function threw. The TypeError of `Headers`, for example, quotes the value that it
 * rejects, which is a secret here (rule X1).
 *
 * @param hook the name of the provider's function
 */
export function redactTypeError(provider: string, hook: string, thrown: unknown): unknown {
  if (!(thrown instanceof TypeError)) return thrown
  return new NightlatchError(
    'invalid_options',
    `${provider}: the provider's ${hook} threw a TypeError. Its message is withheld because it may contain a secret. Check that it sets no header to a value with a line break.`,
    { provider },
  )
}
