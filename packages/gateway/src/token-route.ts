import { type AccessToken, NightlatchError } from '@nightlatch/core'
import type { Exchange } from './exchange.ts'
import type { IdentifiedRequest } from './identified-request.ts'
import { errorHeader, type Problem, type ProblemCode } from './problem.ts'
import { hasBody, readBody } from './request-body.ts'
import { explainTokenFailure } from './upstream-failure.ts'

const maxRequestBytes = 16_384

type OAuthError =
  | 'invalid_request'
  | 'invalid_client'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'temporarily_unavailable'

/**
 * Answers `POST /token/<client>` as a token endpoint.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-5.1 RFC 6749 section 5}
 */
export async function answerTokenRequest(
  { exchange, active, caller }: IdentifiedRequest,
  client: string,
): Promise<void> {
  const { request } = exchange
  const refuse = (
    status: number,
    error: OAuthError,
    code: ProblemCode,
    description: string,
    headers: Record<string, string> = {},
  ): void => {
    const body = JSON.stringify({ error, error_description: toDescription(description) })
    exchange.send(status, { ...jsonHeaders(body), [errorHeader]: code, ...headers }, body)
  }
  if (exchange.entry.method !== 'POST') {
    return refuse(405, 'invalid_request', 'method_not_allowed', 'Send a POST request', { allow: 'POST' })
  }
  if (caller === undefined && request.headers['x-token-request'] !== '1') {
    const detail = 'Without callers, the header `X-Token-Request: 1` is required'
    return refuse(403, 'unauthorized_client', 'not_allowed', detail)
  }
  const tokens = active.tokens.get(client)
  if (tokens === undefined || !tokens.permits(caller)) {
    return refuse(403, 'unauthorized_client', 'not_allowed', 'No entry of `tokens` permits this caller')
  }
  let form: URLSearchParams
  try {
    const body = hasBody(request) ? await readBody(request, maxRequestBytes) : Buffer.alloc(0)
    exchange.entry.bytesIn = body.byteLength
    form = new URLSearchParams(body.toString())
  } catch {
    return refuse(400, 'invalid_request', 'request_invalid', 'The body is larger than 16 KiB, or incomplete')
  }
  const types = form.getAll('grant_type')
  if (types.length !== 1) {
    return refuse(400, 'invalid_request', 'request_invalid', 'The body must have `grant_type=client_credentials` once')
  }
  if (types[0] !== 'client_credentials') {
    return refuse(400, 'unsupported_grant_type', 'request_invalid', 'The only grant type is client_credentials')
  }
  const { minimumLifetime } = tokens
  try {
    const token = await tokens.client.client.token(minimumLifetime === undefined ? undefined : { minimumLifetime })
    exchange.entry.tokenAge = tokens.client.tokenAge
    const body = JSON.stringify(toTokenResponse(token, Date.now()))
    exchange.send(200, jsonHeaders(body), body)
  } catch (failure) {
    if (!(failure instanceof NightlatchError)) {
      return refuse(503, 'temporarily_unavailable', 'token_unavailable', 'The token request failed')
    }
    const { detail, hints = [], retryAfter } = explainTokenFailure(failure, tokens.client)
    const headers = retryAfter === undefined ? undefined : { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) }
    const description = [detail, ...hints].join(' ')
    return refuse(503, 'temporarily_unavailable', 'token_unavailable', description, headers)
  }
}

/** Answers a request of a token endpoint that was refused before the route, in the form of RFC 6749 section 5.2. */
export function refuseTokenRequest(exchange: Exchange, { code, status, detail, retryAfter }: Problem): void {
  const error: OAuthError =
    code === 'caller_unknown' && status === 401
      ? 'invalid_client'
      : status === 503
        ? 'temporarily_unavailable'
        : code === 'not_allowed'
          ? 'unauthorized_client'
          : 'invalid_request'
  const body = JSON.stringify({ error, error_description: toDescription(detail) })
  exchange.send(
    status,
    {
      ...jsonHeaders(body),
      [errorHeader]: code,
      ...(error === 'invalid_client' && { 'www-authenticate': 'Basic realm="gateway"' }),
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    },
    body,
  )
}

function toTokenResponse({ value, type, expiresAt, scopes }: AccessToken, now: number): object {
  return {
    access_token: value,
    token_type: type,
    ...(expiresAt !== undefined && { expires_in: Math.max(0, Math.floor((expiresAt.getTime() - now) / 1000)) }),
    ...(scopes !== undefined && { scope: scopes.join(' ') }),
  }
}

function jsonHeaders(body: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    pragma: 'no-cache',
  }
}

/** RFC 6749 section 5.2 permits ASCII without quotes and backslashes. */
function toDescription(text: string): string {
  return text
    .replace(/["“”]/g, "'")
    .replace(/’/g, "'")
    .replace(/[^\x20-\x7e]|\\/g, '?')
}
