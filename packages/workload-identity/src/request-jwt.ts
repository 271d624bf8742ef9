import { NightlatchError } from '@nightlatch/core'

/** A request for a JWT to an endpoint of the platform. */
export interface JwtRequest {
  /** For messages. */
  readonly platform: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** The transport. Default: the runtime's `fetch`. */
  readonly fetch: typeof globalThis.fetch | undefined
  /** Statuses below 500 after which the same request may succeed, besides 429. */
  readonly transientStatuses?: readonly number[]
  /** What to check if the platform rejects the request: a sentence. */
  readonly wayOut: string
  /** Finds the JWT in a response with status 200. */
  readonly readJwt: (body: string, headers: Headers) => string | undefined
}

/** Endpoints of a platform are on the same machine, or in the same data centre. */
const timeoutSeconds = 5

/**
 * Requests a JWT from the platform. No redirect is followed, because the request holds a credential of the platform.
 *
 * @throws NightlatchError `endpoint_unavailable` if the platform does not respond, or with a transient status; `invalid_options` if it rejects the request; `response_unreadable` if its response holds no JWT
 */
export async function requestJwt(request: JwtRequest): Promise<string> {
  const { platform, url, fetch = globalThis.fetch, transientStatuses = [], wayOut, readJwt } = request
  const endpoint = `${url.origin}${url.pathname}`
  const headers = toHeaders(request)
  let response: Response
  let body: string
  try {
    const signal = AbortSignal.timeout(timeoutSeconds * 1000)
    response = await fetch(url.href, { headers, redirect: 'manual', signal })
    body = await response.text()
  } catch (failure) {
    const isLate = failure instanceof DOMException && failure.name === 'TimeoutError'
    const reason = isLate ? `did not respond within ${timeoutSeconds} s` : 'could not be reached'
    const place = `Does this program run on ${platform}?`
    throw new NightlatchError('endpoint_unavailable', `${platform}: ${endpoint} ${reason}. ${place}`, {
      retryable: true,
    })
  }
  const { status } = response
  if (status === 429 || status >= 500 || transientStatuses.includes(status)) {
    const retryAfter = readSeconds(response.headers.get('retry-after'))
    const message = `${platform}: ${endpoint} responded with status ${status}, which is transient`
    throw new NightlatchError('endpoint_unavailable', message, { status, retryable: true, retryAfter })
  }
  if (status >= 400) {
    const error = readErrorCode(body)
    const message = `${platform}: ${endpoint} responded with status ${status}${error === undefined ? '' : ` (${error})`}. ${wayOut}`
    throw new NightlatchError('invalid_options', message, { status })
  }
  const jwt = status === 200 ? readJwt(body, response.headers) : undefined
  if (jwt !== undefined) return jwt
  const message = `${platform}: ${endpoint} responded with status ${status}, but without a JWT. Is this the endpoint of ${platform}?`
  throw new NightlatchError('response_unreadable', message, { status })
}

/** A platform's error message would quote an invalid value, which is a credential here. */
function toHeaders({ platform, headers }: JwtRequest): Headers {
  try {
    return new Headers(headers)
  } catch {
    const names = Object.keys(headers).join(', ')
    throw new NightlatchError('invalid_options', `${platform}: the value of a header (${names}) is invalid`)
  }
}

/** A string member of a JSON object. */
export function readMember(body: string, name: string): string | undefined {
  try {
    const value: unknown = (JSON.parse(body) as Readonly<Record<string, unknown>> | null)?.[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  } catch {
    return undefined
  }
}

/** Only a code: a description may repeat what was sent. */
function readErrorCode(body: string): string | undefined {
  const error = readMember(body, 'error')
  return error !== undefined && /^[\w.-]{1,64}$/.test(error) ? error : undefined
}

function readSeconds(value: string | null): number | undefined {
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) : undefined
}
