import type { AccessToken } from '../acquire/access-token.ts'
import type { Provider } from '../acquire/provider.ts'
import { showUrl } from '../acquire/token-endpoint.ts'
import type { TokenSource } from '../cache/token-source.ts'
import { LatchkeyError } from '../errors.ts'
import type { Emit } from '../events.ts'
import type { OriginCheck } from './allowed-origins.ts'
import { followRedirects } from './follow-redirects.ts'

/** What authorised requests are made of. */
export interface AuthenticatedFetchParts {
  readonly provider: Provider<unknown>
  readonly fetch: typeof globalThis.fetch
  readonly token: TokenSource['token']
  readonly mayReceiveToken: OriginCheck
  readonly emit: Emit
}

/**
 * `fetch` that puts the token on. It refuses origins that may not see the token before it asks for one, fails where no token
 * can be had, and replaces a refused token once.
 *
 * @throws LatchkeyError `origin_refused`, or what a grant fails with
 */
export function createAuthenticatedFetch(parts: AuthenticatedFetchParts): typeof globalThis.fetch {
  const { provider, token, mayReceiveToken, emit } = parts
  const authorize = provider.authorizeRequest ?? authorizeByHeader

  return async function authenticatedFetch(input, init) {
    const request = input instanceof Request ? input : undefined
    // What `fetch` itself does with headers: those of `init` stand in place of those of a Request.
    const own = new Headers(init?.headers ?? request?.headers)
    if (own.has('authorization')) return parts.fetch(input, init)

    const url = new URL(request?.url ?? input.toString())
    if (!mayReceiveToken(url)) throw refuseOrigin(provider, url, emit)

    const send = (target: typeof input, accessToken: AccessToken): Promise<Response> => {
      const headers = new Headers(own)
      authorize(headers, accessToken)
      const redirect = init?.redirect ?? request?.redirect ?? 'follow'
      // The platform takes `Authorization` off on the way to another origin, and no header of a provider's own.
      if (provider.authorizeRequest === undefined || redirect !== 'follow') {
        return parts.fetch(target, { ...init, headers })
      }
      const carriers = [...headers.keys()].filter((name) => headers.get(name) !== own.get(name))
      return followRedirects(parts.fetch, target, { ...init, headers }, carriers)
    }

    const signal = init?.signal ?? request?.signal ?? undefined
    const first = await token({ signal })
    const repeatable = isRepeatable(init?.body)
    // A Request's body can be read once: the first try gets a copy where a second may follow.
    const copy = request !== undefined && repeatable && request.body !== null ? request.clone() : input
    const response = await send(copy, first)
    if (response.status !== 401 || !repeatable || cameFromElsewhere(response, url)) return response

    const second = await replaceToken(token, first, signal, response)
    // The server handed out the refused token once more: another try would get the same answer.
    if (second.value === first.value) return response
    await response.body?.cancel()
    emit({ type: 'request.repeated', provider: provider.name, url: showUrl(url), status: response.status })
    return send(input, second)
  }
}

/** Another origin, to which the API redirected, was shown no token: its refusal says nothing of ours. */
function cameFromElsewhere(response: Response, asked: URL): boolean {
  return response.url !== '' && new URL(response.url).origin !== asked.origin
}

/** Where no other token can be had the request fails, and its answer is let go. */
async function replaceToken(
  token: TokenSource['token'],
  rejected: AccessToken,
  signal: AbortSignal | undefined,
  response: Response,
): Promise<AccessToken> {
  try {
    return await token({ signal, rejected })
  } catch (failure) {
    await response.body?.cancel()
    throw failure
  }
}

function authorizeByHeader(headers: Headers, token: AccessToken): void {
  headers.set('authorization', `${token.type} ${token.value}`)
}

/** A stream is gone once it was sent. */
function isRepeatable(body: unknown): boolean {
  return !(
    body instanceof ReadableStream ||
    (typeof body === 'object' && body !== null && Symbol.asyncIterator in body)
  )
}

/** Says that an origin may not see the token, to the caller and to the listener. */
export function refuseOrigin({ name, api }: Provider<unknown>, url: URL, emit: Emit): LatchkeyError {
  const error = new LatchkeyError(
    'origin_refused',
    `${name}: ${url.origin} may not see the token: it is neither the API's origin${typeof api === 'function' ? ' (as far as client.api() or client.info() has discovered it)' : ''} nor one of the provider's apiOrigins${url.protocol === 'http:' ? ', and it is not https' : ''}`,
    { provider: name },
  )
  emit({ type: 'origin.refused', provider: name, origin: url.origin, error })
  return error
}
