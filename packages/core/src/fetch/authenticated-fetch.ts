import type { AccessToken } from '../acquire/access-token.ts'
import { type OriginCheck, rememberOrigin } from './allowed-origins.ts'
import { discard } from './discard.ts'
import { followRedirects, type OnTheWay } from './follow-redirects.ts'
import { isRequest, isStream } from './request-input.ts'
import { putToken, Repeats, type RequestTokenParts, refuseOrigin } from './request-token.ts'

/** What authorised requests are made of. */
export interface AuthenticatedFetchParts extends RequestTokenParts {
  readonly fetch: typeof globalThis.fetch
  readonly mayReceiveToken: OriginCheck
}

/** One call of `fetch`. */
interface Call {
  readonly input: string | URL | Request
  readonly init: RequestInit | undefined
  /** The input, where it is a Request. */
  readonly request: Request | undefined
  /** The call's own headers, never written to. */
  readonly own: HeadersInit | undefined
  readonly signal: AbortSignal | undefined
  /** Whether the body can be sent again. */
  readonly repeatable: boolean
}

/**
 * `fetch` that puts the token on. It refuses origins that may not see the token before it asks for one, fails where no token
 * can be had, and replaces a refused token once.
 *
 * @throws LatchkeyError `origin_refused`, or what a grant fails with
 */
export function createAuthenticatedFetch(parts: AuthenticatedFetchParts): typeof globalThis.fetch {
  const { provider, token, dpop, emit } = parts
  const mayReceiveToken = rememberOrigin(parts.mayReceiveToken)
  const isPlain = provider.authorizeRequest === undefined && dpop === undefined

  /** One try. Without departures of the provider's no URL and no Headers are made: `fetch` makes its own anyhow. */
  const send = async (call: Call, target: Call['input'], accessToken: AccessToken): Promise<Response> => {
    const { init, request, own } = call
    if (isPlain) {
      return parts.fetch(target, {
        ...init,
        headers: withHeader(own, 'authorization', `${accessToken.type} ${accessToken.value}`),
      })
    }
    const headers = new Headers(own)
    const method = init?.method ?? request?.method ?? 'GET'
    await putToken(parts, headers, accessToken, { url: urlOf(call), method })
    const redirect = init?.redirect ?? request?.redirect ?? 'follow'
    if (redirect !== 'follow') return parts.fetch(target, { ...init, headers })
    // The platform takes `Authorization` off on the way to another origin, and no other header that carries a token.
    const before = new Headers(own)
    const carriers = [...headers.keys()].filter((name) => headers.get(name) !== before.get(name))
    // A proof is of one URL and one method: on the way to another of the same origin the request gets one of its own.
    const onTheWay: OnTheWay | undefined = dpop && ((hop) => putToken(parts, hop.headers, accessToken, hop))
    return followRedirects(parts.fetch, target, { ...init, headers }, { carriers, onTheWay })
  }

  /** What follows an answer that may ask for another try. */
  const repeat = async (call: Call, first: Response, sentFirst: AccessToken): Promise<Response> => {
    const url = urlOf(call)
    const repeats = new Repeats(parts)
    let response = first
    let sent = sentFirst
    // Another origin, to which the API redirected, was shown no token: its refusal says nothing of ours.
    while (response.url === '' || new URL(response.url).origin === url.origin) {
      const next = await repeats.next(response, sent, url, call).catch(async (failure: unknown) => {
        await discard(response)
        throw failure
      })
      if (next === undefined) break
      await discard(response)
      sent = next
      response = await send(call, repeats.left ? copyOf(call) : call.input, next)
    }
    return response
  }

  return async function authenticatedFetch(input, init) {
    const request = isRequest(input) ? input : undefined
    // What `fetch` itself does with headers: those of `init` stand in place of those of a Request.
    const own = init?.headers ?? request?.headers
    if (own !== undefined && hasAuthorization(own)) return parts.fetch(input, init)

    const address = typeof input === 'string' ? input : input instanceof URL ? input.href : (request?.url ?? `${input}`)
    if (!mayReceiveToken(address)) throw refuseOrigin(provider, new URL(address), emit)

    const signal = (init?.signal === undefined ? request?.signal : init.signal) ?? undefined
    const first = await token(signal && { signal })
    const repeatable = !isStream(init?.body)
    const call: Call = { input, init, request, own, signal, repeatable }
    const target = repeatable ? copyOf(call) : input
    try {
      const response = await send(call, target, first)
      if (response.status !== 401 && dpop === undefined) return response
      return await repeat(call, response, first)
    } finally {
      // As after any `fetch`, the body of the Request is used; what was kept of it for another try is let go.
      if (target !== input && request?.bodyUsed === false) void request.body?.cancel().catch(() => {})
    }
  }
}

/** What is sent at each try but the last: a Request's body can be read once. */
function copyOf({ input, init, request }: Call): Call['input'] {
  const isBodyWanted = init?.body === undefined || init.body === null
  return request !== undefined && request.body !== null && isBodyWanted ? request.clone() : input
}

function urlOf({ input, request }: Call): URL {
  return new URL(request?.url ?? `${input}`)
}

/** Whether the caller brings an authorization of its own, which wins (rule H6). */
function hasAuthorization(headers: HeadersInit): boolean {
  if (!isRecord(headers)) return (headers instanceof Headers ? headers : new Headers(headers)).has('authorization')
  for (const name in headers) if (name.length === 13 && name.toLowerCase() === 'authorization') return true
  return false
}

function withHeader(headers: HeadersInit | undefined, name: string, value: string): HeadersInit {
  if (headers === undefined) return { [name]: value }
  if (isRecord(headers)) return { ...headers, [name]: value }
  const copy = new Headers(headers)
  copy.set(name, value)
  return copy
}

/** A plain object of names and values, and none of the other forms that headers come in. */
function isRecord(headers: HeadersInit): headers is Record<string, string> {
  return Object.getPrototypeOf(headers) === Object.prototype && !(Symbol.iterator in headers)
}
