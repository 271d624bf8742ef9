import type { AccessToken } from '../acquire/access-token.ts'
import { isCloudflareWorkers } from '../platform/cloudflare-workers.ts'
import { type OriginCheck, rememberOrigin } from './allowed-origins.ts'
import { discard } from './discard.ts'
import { followRedirects, isStream, type OnTheWay } from './follow-redirects.ts'
import {
  authorizationOf,
  credentialsIn,
  isBearerOnly,
  putToken,
  Repeats,
  type RequestTokenParts,
  refuseOrigin,
} from './request-token.ts'
import { readJsonCopy } from './token-rejection.ts'
import { withoutSecrets } from './transport-error.ts'

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
  /** What they carry, in bits: see {@link readCarried}. */
  readonly carried: number
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

  /** One attempt. A request that only `Authorization` authorizes needs no URL and no `Headers`: `fetch` makes its own. */
  const send = (call: Call, target: Call['input'], accessToken: AccessToken): Promise<Response> => {
    if (!isSimple || call.carried !== 0) return sendWithHeaders(call, target, accessToken)
    const headers = withHeader(call.own, 'authorization', authorizationOf(accessToken))
    return parts.fetch(target, call.init === undefined ? { headers } : { ...call.init, headers })
  }

  const sendWithHeaders = async (call: Call, target: Call['input'], accessToken: AccessToken): Promise<Response> => {
    const { init, request, own, carried } = call
    const headers = new Headers(own)
    const method = init?.method ?? request?.method ?? 'GET'
    const before = new Headers(own)
    const ownAuthorization = (carried & carriesAuthorization) === 0 ? null : before.get('authorization')
    const authorize = async (on: Headers, hop: { readonly url: URL; readonly method: string }): Promise<void> => {
      await putToken(parts, on, accessToken, hop)
      if (ownAuthorization !== null) on.set('authorization', ownAuthorization)
    }
    await authorize(headers, { url: urlOf(call), method })
    const carriers = [...headers.keys()].filter((name) => headers.get(name) !== before.get(name))
    const sent = { ...init, headers }
    try {
      if ((init?.redirect ?? request?.redirect ?? 'follow') !== 'follow') return await parts.fetch(target, sent)
      // A proof is of one URL and one method: on the way to another of the same origin the request gets one of its own.
      const onTheWay: OnTheWay | undefined =
        dpop &&
        ((hop) => {
          dpop.learn(hop.url, hop.answered.get('dpop-nonce'))
          return authorize(hop.headers, hop)
        })
      // Platforms take `Authorization` off on the way to another origin, and no other header that carries a token.
      return await followRedirects(parts.fetch, target, sent, { carriers, onTheWay })
    } catch (failure) {
      const secrets = carriers.map((name) => credentialsIn(headers.get(name)))
      throw cleanFailure(failure, call.signal, secrets)
    }
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
      response = await attempt(call, repeats.left ? copyOf(call) : call.input, next)
    }
    return response
  }

  const attempt = async (call: Call, target: Call['input'], accessToken: AccessToken): Promise<Response> => {
    try {
      return await send(call, target, accessToken)
    } catch (failure) {
      throw cleanFailure(failure, call.signal, [accessToken.value])
    }
  }

  /** A request with an authorization of its own goes out as it is. Its proof of possession stays with its origin. */
  const passThrough = async (
    given: Parameters<typeof globalThis.fetch>[0],
    givenInit: RequestInit | undefined,
    own: OwnHeaders,
    carried: number,
  ): Promise<Response> => {
    const request = isRequest(given) ? given : undefined
    const init = isReadOnce(givenInit?.headers) ? { ...givenInit, headers: own } : givenInit
    const redirect = init?.redirect ?? request?.redirect ?? 'follow'
    try {
      if (redirect !== 'follow' || (carried & carriesProof) === 0) return await parts.fetch(given, init)
      const sent = { ...copyInit(init), headers: new Headers(own) }
      return await followRedirects(parts.fetch, request ?? `${given as string | URL}`, sent, { carriers: [] })
    } catch (failure) {
      const headers = new Headers(own)
      const secrets = ['authorization', 'dpop'].map((name) => credentialsIn(headers.get(name)))
      throw cleanFailure(failure, init?.signal ?? request?.signal, secrets)
    }
  }

  /** Returns the response or retries. With DPoP, every response is inspected because any of them may carry a new nonce. */
  const conclude = (call: Call, response: Response, sent: AccessToken): Response | Promise<Response> => {
    const { status } = response
    if (status === 401 || dpop !== undefined || tokenRejection !== undefined) return repeat(call, response, sent)
    const { input } = call
    tokens.accept(status, typeof input === 'string' ? input : input.url, response)
    return response
  }

  return async function authenticatedFetch(given, givenInit) {
    const request = isRequest(given) ? given : undefined
    // What `fetch` itself does with headers: those of `init` stand in place of those of a Request.
    const givenHeaders = givenInit?.headers ?? request?.headers
    const own = copyHeaders(givenHeaders)
    const carried = own === undefined ? 0 : readCarried(own)
    const hasOwn = own !== undefined && (carried & carriesAuthorization) !== 0
    // Only a provider with a header of its own has something to add (rule H6).
    if (hasOwn && provider.authorizeRequest === undefined) return passThrough(given, givenInit, own, carried)

    const address = request?.url ?? `${given as string | URL}`
    const isAllowed = mayReceiveToken(address)
    if (hasOwn && !isAllowed) return passThrough(given, givenInit, own, carried)
    if (!isAllowed) throw refuseOrigin(provider, new URL(address), emit)

    const init = copyInit(givenInit)
    const body = init?.body
    const signal = (init?.signal === undefined ? request?.signal : init.signal) ?? undefined
    const isRepeatable = body === undefined || body === null || !isStream(body)
    const call: Call = { input: request ?? address, init, request, own, carried, signal, isRepeatable }
    const first = await tokens.next(signal)
    const target = isRepeatable ? copyOf(call) : call.input
    let response: Response
    try {
      response = await send(call, target, first)
    } catch (failure) {
      if (target !== call.input) release(request)
      throw cleanFailure(failure, signal, [first.value])
    }
    if (target === call.input) return conclude(call, response, first)
    try {
      return await conclude(call, response, first)
    } finally {
      release(request)
    }
  }
}

/** As after any `fetch`, the body of the Request is used; what was kept of it for another attempt is let go. */
function release(request: Request | undefined): void {
  if (request?.bodyUsed === false) void request.body?.cancel().catch(() => {})
}

/** A transport's error without secrets. A caller's own reason for giving up is its own. */
function cleanFailure(failure: unknown, signal: AbortSignal | null | undefined, secrets: readonly string[]): unknown {
  return signal?.aborted && failure === signal.reason ? failure : withoutSecrets(failure, secrets)
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

/** What a caller's own headers carry. */
const carriesAuthorization = 1
const carriesProof = 2

/** A caller's own authorization wins (rule H6), and its own proof of possession stays with its origin (rule H2). */
function readCarried(headers: OwnHeaders): number {
  if (!isRecord(headers)) {
    return (headers.has('authorization') ? carriesAuthorization : 0) | (headers.has('dpop') ? carriesProof : 0)
  }
  let carried = 0
  for (const name in headers) {
    if (name.length === 13 && name.toLowerCase() === 'authorization') carried |= carriesAuthorization
    else if (name.length === 4 && name.toLowerCase() === 'dpop') carried |= carriesProof
  }
  return carried
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
