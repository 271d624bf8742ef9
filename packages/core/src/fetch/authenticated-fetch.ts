import type { AccessToken } from '../acquire/access-token.ts'
import { isCloudflareWorkers } from '../platform/cloudflare-workers.ts'
import { type OriginCheck, rememberOrigin } from './allowed-origins.ts'
import { discard } from './discard.ts'
import { followRedirects, isStream, type OnTheWay } from './follow-redirects.ts'
import {
  authorizationOf,
  isBearerOnly,
  putToken,
  Repeats,
  type RequestTokenParts,
  refuseOrigin,
} from './request-token.ts'
import { readJsonCopy } from './token-rejection.ts'

/** What authorised requests are made of. */
export interface AuthenticatedFetchParts extends RequestTokenParts {
  readonly fetch: typeof globalThis.fetch
  readonly mayReceiveToken: OriginCheck
}

type OwnHeaders = Headers | Record<string, string>

/** One call of `fetch`, as it was when it was made: what the caller does to its own objects later is of the next call. */
interface Call {
  readonly input: string | Request
  /** A copy. */
  readonly init: RequestInit | undefined
  /** The input, where it is a Request. */
  readonly request: Request | undefined
  /** The call's own headers, a copy. */
  readonly own: OwnHeaders | undefined
  readonly signal: AbortSignal | undefined
  /** Whether the body can be sent again. */
  readonly isRepeatable: boolean
}

/**
 * `fetch` that puts the token on. It refuses origins that may not see the token before it asks for one, fails where no token
 * can be had, and replaces a refused token once.
 *
 * @throws NightlatchError `origin_refused`, or what a grant fails with
 */
export function createAuthenticatedFetch(parts: AuthenticatedFetchParts): typeof globalThis.fetch {
  const { provider, tokens, dpop, emit } = parts
  const mayReceiveToken = rememberOrigin(parts.mayReceiveToken)
  // Workers follow redirects to other origins with all headers, unless their compatibility date is 2025-09-01 or later, which
  // cannot be read at run time; and with cookies even then.
  const isSimple = isBearerOnly(parts) && !isCloudflareWorkers()
  const { tokenRejection } = provider

  /** One try. Without departures of the provider's no URL and no Headers are made: `fetch` makes its own anyhow. */
  const send = (call: Call, target: Call['input'], accessToken: AccessToken): Promise<Response> => {
    if (!isSimple) return sendWithHeaders(call, target, accessToken)
    const headers = withHeader(call.own, 'authorization', authorizationOf(accessToken))
    return parts.fetch(target, call.init === undefined ? { headers } : { ...call.init, headers })
  }

  const sendWithHeaders = async (call: Call, target: Call['input'], accessToken: AccessToken): Promise<Response> => {
    const { init, request, own } = call
    const headers = new Headers(own)
    const method = init?.method ?? request?.method ?? 'GET'
    await putToken(parts, headers, accessToken, { url: urlOf(call), method })
    const redirect = init?.redirect ?? request?.redirect ?? 'follow'
    if (redirect !== 'follow') return parts.fetch(target, { ...init, headers })
    // Platforms take `Authorization` off on the way to another origin, and no other header that carries a token.
    const before = new Headers(own)
    const carriers = [...headers.keys()].filter((name) => headers.get(name) !== before.get(name))
    // A proof is of one URL and one method: on the way to another of the same origin the request gets one of its own.
    const onTheWay: OnTheWay | undefined =
      dpop &&
      ((hop) => {
        dpop.learn(hop.url, hop.answered.get('dpop-nonce'))
        return putToken(parts, hop.headers, accessToken, hop)
      })
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
      const { status, headers } = response
      const body = tokenRejection?.body === undefined ? undefined : await readJsonCopy(response)
      const next = await repeats
        .next({ status, headers, body }, sent, url, { signal: call.signal, repeatable: call.isRepeatable })
        .catch(async (failure: unknown) => {
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

  /** Returns the response or retries. With DPoP, every response is inspected because any of them may carry a new nonce. */
  const conclude = (call: Call, response: Response, sent: AccessToken): Response | Promise<Response> =>
    response.status !== 401 && dpop === undefined && tokenRejection === undefined
      ? response
      : repeat(call, response, sent)

  return async function authenticatedFetch(given, givenInit) {
    const request = isRequest(given) ? given : undefined
    // What `fetch` itself does with headers: those of `init` stand in place of those of a Request.
    const givenHeaders = givenInit?.headers ?? request?.headers
    const own = copyHeaders(givenHeaders)
    if (own !== undefined && hasAuthorization(own)) {
      return parts.fetch(given, isReadOnce(givenHeaders) ? { ...givenInit, headers: own } : givenInit)
    }

    const address = request?.url ?? `${given as string | URL}`
    if (!mayReceiveToken(address)) throw refuseOrigin(provider, new URL(address), emit)

    const init = copyInit(givenInit)
    const body = init?.body
    const signal = (init?.signal === undefined ? request?.signal : init.signal) ?? undefined
    const isRepeatable = body === undefined || body === null || !isStream(body)
    const call: Call = { input: request ?? address, init, request, own, signal, isRepeatable }
    const first = await tokens.next(signal)
    const target = isRepeatable ? copyOf(call) : call.input
    if (target === call.input) return conclude(call, await send(call, target, first), first)
    try {
      return await conclude(call, await send(call, target, first), first)
    } finally {
      // As after any `fetch`, the body of the Request is used; what was kept of it for another try is let go.
      if (request?.bodyUsed === false) void request.body?.cancel().catch(() => {})
    }
  }
}

/** What is sent at each try but the last: a Request's body can be read once. */
function copyOf({ input, init, request }: Call): Call['input'] {
  const isBodyWanted = init?.body === undefined || init.body === null
  return request !== undefined && request.body !== null && isBodyWanted ? request.clone() : input
}

function urlOf({ input }: Call): URL {
  return new URL(typeof input === 'string' ? input : input.url)
}

/** A transport may bring a Request of its own, as undici's package does. */
function isRequest(input: unknown): input is Request {
  return (
    typeof input === 'object' &&
    input !== null &&
    (input instanceof Request || ('url' in input && 'headers' in input && 'clone' in input))
  )
}

/** A copy, for the caller may use its own again while a token is waited for. `fetch` reads inherited members, too: a Request has no others. */
function copyInit(init: RequestInit | undefined): RequestInit | undefined {
  if (init === undefined || init === null) return undefined
  const prototype: unknown = Object.getPrototypeOf(init)
  if (prototype === null || prototype === Object.prototype) return { ...init }
  const copy: Record<string, unknown> = {}
  for (const name in init) copy[name] = init[name as keyof RequestInit]
  return copy
}

/** Whether the caller brings an authorization of its own, which wins (rule H6). */
function hasAuthorization(headers: OwnHeaders): boolean {
  if (!isRecord(headers)) return headers.has('authorization')
  for (const name in headers) if (name.length === 13 && name.toLowerCase() === 'authorization') return true
  return false
}

function copyHeaders(headers: HeadersInit | undefined): OwnHeaders | undefined {
  if (headers === undefined || headers === null) return undefined
  return isRecord(headers) ? { ...headers } : new Headers(headers)
}

/** An iterator's headers are there only the first time. */
function isReadOnce(headers: HeadersInit | undefined): boolean {
  return headers !== undefined && !isRecord(headers) && !(headers instanceof Headers) && !Array.isArray(headers)
}

function withHeader(headers: OwnHeaders | undefined, name: string, value: string): HeadersInit {
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
