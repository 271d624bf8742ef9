import { NightlatchError, type NightlatchErrorDetails } from '../errors.ts'
import { ownMembers } from '../platform/validation.ts'
import { isTokenValue } from './access-token.ts'
import { readRequestId, readRetry, toGrantError } from './grant-error.ts'
import { redact } from './redact.ts'
import { type AnswerContext, isError, type TokenAnswer, type TokenFields } from './token-response.ts'

/**
 * Checks a response: its status and error first, then each field.
 *
 * @param read the provider's `readTokenResponse`
 * @throws NightlatchError `grant_refused`, `endpoint_unavailable` or `response_unreadable`
 */
export function judgeTokenAnswer(
  answer: TokenAnswer,
  read: (answer: TokenAnswer) => TokenFields,
  context: TokenContext,
): JudgedToken {
  const { status } = answer
  const unreadable = (what: string, details?: NightlatchErrorDetails): NightlatchError =>
    toUnreadable(answer, what, context, details)
  refuseRedirect(answer, context, 'tokenEndpoint')
  const fields = readFields(answer, read)
  // A server may also quote the token in an error.
  const { accessToken } = fields
  const contextWithToken: TokenContext =
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

/** The token request that a response answers. */
export interface TokenContext extends AnswerContext {
  readonly scopeSeparator: string
  /** Whether the token was requested with a DPoP proof, so that it must be bound to the key. */
  readonly bound?: boolean
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
  if (answer.status >= 200 && answer.status < 300) return
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

/** Whether a status is a redirect. Browsers show status 0 for a redirect that was not followed. */
function isRedirect(status: number): boolean {
  return status === 0 || (status > 299 && status < 400)
}

/** Whether a 4xx response is text without an OAuth error: a page of a proxy, a firewall or a login. */
function isForeignPage({ status, body }: TokenAnswer, { error, errorDescription }: TokenFields): boolean {
  const isSilent = !isError(error) && errorDescription === undefined
  return status >= 400 && status < 500 && isSilent && typeof body === 'string' && body.trim() !== ''
}

function judgeTokenType(
  type: unknown,
  unreadable: (what: string) => NightlatchError,
  { secrets, bound }: TokenContext,
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
  if (body.trim() === '') return 'an empty body'
  const isSaidToBe = headers.get('content-type')?.toLowerCase().startsWith('text/html') === true
  const isPage = begin.startsWith('<') && (isSaidToBe || pageBegins.some((one) => begin.includes(one)))
  return `${isPage ? 'an HTML page (possibly of a login or a proxy)' : 'text'}, not with an OAuth response`
}

/** Tags that identify a web page; an XML declaration or a comment may come before them. */
const pageBegins = ['<!doctype', '<html', '<head', '<body']
