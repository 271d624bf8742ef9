import type { AccessToken } from '../acquire/access-token.ts'
import { isCloudflareWorkers } from '../platform/cloudflare-workers.ts'
import type { Fetch } from '../platform/fetch.ts'
import { cacheOrigin } from './allowed-origins.ts'
import { discard } from './discard.ts'
import { followRedirects, isStream, type OnRedirect } from './follow-redirects.ts'
import { authorizationOf, credentialsIn, isBearerOnly, putToken, type RequestTokenParts } from './put-token.ts'
import { Repeats, readJsonCopy } from './repeats.ts'
import { withoutSecrets } from './transport-error.ts'

/**
 * Creates a `fetch` that adds the token. It checks the origin before it requests a token, fails if there is no token, and
 * replaces a rejected token once.
 *
 * @throws NightlatchError `origin_refused`, or the error of the grant
 */
export function createAuthenticatedFetch(parts: AuthenticatedFetchParts): Fetch {
  const { provider, tokens, origins, dpop } = parts
  const isAllowedAddress = cacheOrigin(origins)
  // Workers keep `Authorization` on a redirect to another origin if their compatibility date, which code cannot read, is before
  // 2025-09-01. They always keep cookies.
  const isSimple = isBearerOnly(parts) && !isCloudflareWorkers()
  const { tokenRejection } = provider
  return authenticatedFetch

  async function authenticatedFetch(given: Parameters<Fetch>[0], givenInit?: RequestInit): Promise<Response> {
    const request = isRequest(given) ? given : undefined
    // As in `fetch` itself, the headers of `init` replace those of a Request.
    const givenHeaders = givenInit?.headers ?? request?.headers
    const own = copyHeaders(givenHeaders)
    const carried = own === undefined ? 0 : readCarried(own)
    const hasOwn = own !== undefined && (carried & carriesAuthorization) !== 0
    // If the token travels in `Authorization`, the caller's own value wins (rule H6).
    if (hasOwn && provider.authorizeRequest === undefined) return passThrough(given, givenInit, own, carried)

    const address = request?.url ?? `${given as string | URL}`
    const isAllowed = isAllowedAddress(address)
    if (hasOwn && !isAllowed) return passThrough(given, givenInit, own, carried)
    if (!isAllowed) throw origins.refuse(new URL(address))

    const init = copyInit(givenInit)
    const signal = (init.signal === undefined ? request?.signal : init.signal) ?? undefined
    const isRepeatable = !isStream(init.body)
    const call: Call = { input: request ?? address, address, init, request, own, carried, signal, isRepeatable }
    const first = await tokens.next(signal)
    const target = isRepeatable ? copyOf(call) : call.input
    // If a copy of the Request is sent, its own body is kept for another attempt, and released after the last one.
    const kept = target === call.input ? undefined : request
    let response: Response
    try {
      response = await send(call, target, first)
    } catch (failure) {
      if (kept !== undefined) release(kept)
      throw cleanFailure(failure, signal, [first.value])
    }
    if (kept === undefined) return conclude(call, response, first)
    try {
      return await conclude(call, response, first)
    } finally {
      release(kept)
    }
  }

  /** Sends a request with the caller's own authorization unchanged. Its DPoP proof never goes to another origin. */
  async function passThrough(
    given: Parameters<Fetch>[0],
    givenInit: RequestInit | undefined,
    own: OwnHeaders,
    carried: number,
  ): Promise<Response> {
    const request = isRequest(given) ? given : undefined
    // An iterator of headers can be read only once.
    const init = { ...copyInit(givenInit), headers: own }
    const redirect = init.redirect ?? request?.redirect ?? 'follow'
    try {
      if (redirect !== 'follow' || (carried & carriesProof) === 0) return await parts.fetch(given, init)
      const sent = { ...init, headers: new Headers(own) }
      return await followRedirects(parts.fetch, request ?? `${given as string | URL}`, sent, { carriers: [] })
    } catch (failure) {
      const headers = new Headers(own)
      const secrets = ['authorization', 'dpop'].map((name) => credentialsIn(headers.get(name)))
      throw cleanFailure(failure, init.signal ?? request?.signal, secrets)
    }
  }

  /** Sends one attempt. A request that only needs `Authorization` is sent without creating a `URL` or `Headers`. */
  function send(call: Call, target: Call['input'], accessToken: AccessToken): Promise<Response> {
    if (!isSimple || call.carried !== 0) return sendWithHeaders(call, target, accessToken)
    const headers = withHeader(call.own, 'authorization', authorizationOf(accessToken))
    return parts.fetch(target, { ...call.init, headers })
  }

  async function sendWithHeaders(call: Call, target: Call['input'], accessToken: AccessToken): Promise<Response> {
    const { init, request, own } = call
    const headers = new Headers(own)
    const method = init.method ?? request?.method ?? 'GET'
    const before = new Headers(own)
    const ownAuthorization = before.get('authorization')
    const authorize = async (on: Headers, hop: { readonly url: URL; readonly method: string }): Promise<void> => {
      await putToken(parts, on, accessToken, hop)
      if (ownAuthorization !== null) on.set('authorization', ownAuthorization)
    }
    await authorize(headers, { url: new URL(call.address), method })
    const carriers = [...headers.keys()].filter((name) => headers.get(name) !== before.get(name))
    const sent = { ...init, headers }
    try {
      if ((init.redirect ?? request?.redirect ?? 'follow') !== 'follow') return await parts.fetch(target, sent)
      // A DPoP proof is valid for one URL and method, so each redirect within the origin needs a new one.
      const onRedirect: OnRedirect | undefined =
        dpop &&
        ((hop) => {
          dpop.learn(hop.url, hop.responseHeaders.get('dpop-nonce'))
          return authorize(hop.headers, hop)
        })
      // On a redirect to another origin, platforms remove `Authorization` but no other header that carries a token.
      return await followRedirects(parts.fetch, target, sent, { carriers, onRedirect })
    } catch (failure) {
      const secrets = carriers.map((name) => credentialsIn(headers.get(name)))
      throw cleanFailure(failure, call.signal, secrets)
    }
  }

  /** Returns the response or retries. With DPoP, every response is inspected because any of them may carry a new nonce. */
  function conclude(call: Call, response: Response, sent: AccessToken): Response | Promise<Response> {
    const { status } = response
    if (status === 401 || dpop !== undefined || tokenRejection !== undefined) return repeat(call, response, sent)
    tokens.accept(status, call.address, response)
    return response
  }

  /** Sends the request again if the response requires it: with another token, or with another proof. */
  async function repeat(call: Call, first: Response, sentFirst: AccessToken): Promise<Response> {
    const url = new URL(call.address)
    const repeats = new Repeats(parts)
    let response = first
    let sent = sentFirst
    // A response from another origin says nothing about the token, because the redirect removed it.
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

  async function attempt(call: Call, target: Call['input'], accessToken: AccessToken): Promise<Response> {
    try {
      return await send(call, target, accessToken)
    } catch (failure) {
      throw cleanFailure(failure, call.signal, [accessToken.value])
    }
  }
}

/** The dependencies of `client.fetch`. */
export interface AuthenticatedFetchParts extends RequestTokenParts {
  readonly fetch: Fetch
}

type OwnHeaders = Headers | Record<string, string>

/** A copy of one call's arguments, because the caller may change its own objects while the call waits for a token. */
interface Call {
  readonly input: string | Request
  readonly address: string
  readonly init: RequestInit
  /** The input, if it is a Request. */
  readonly request: Request | undefined
  /** The caller's headers. */
  readonly own: OwnHeaders | undefined
  /** The credentials in the caller's headers, as bits; see {@link readCarried}. */
  readonly carried: number
  readonly signal: AbortSignal | undefined
  /** Whether the body can be sent again. */
  readonly isRepeatable: boolean
}

/** Cancels the copy of a Request's body that was kept for another attempt. */
function release(kept: Request): void {
  if (!kept.bodyUsed) void kept.body?.cancel().catch(() => {})
}

/** Removes secrets from a transport's error. The caller's own abort reason is returned as it is. */
function cleanFailure(failure: unknown, signal: AbortSignal | null | undefined, secrets: readonly string[]): unknown {
  return signal?.aborted && failure === signal.reason ? failure : withoutSecrets(failure, secrets)
}

/** Copies a Request for each attempt but the last, because its body can be read only once. */
function copyOf({ input, init, request }: Call): Call['input'] {
  const isBodySent = init.body === undefined || init.body === null
  return request !== undefined && request.body !== null && isBodySent ? request.clone() : input
}

/** Whether an input is a Request. A transport may have its own class, as the undici package does. */
function isRequest(input: Parameters<Fetch>[0]): input is Request {
  return typeof input === 'object' && 'clone' in input
}

/** Copies `init` with its inherited members, because `fetch` reads those, too. */
function copyInit(init: RequestInit = {}): RequestInit {
  const copy: Record<string, unknown> = {}
  for (const name in init) copy[name] = init[name as keyof RequestInit]
  return copy
}

/** The credentials that a caller's own headers can carry. */
const carriesAuthorization = 1
const carriesProof = 2

/** Finds the caller's own authorization, which wins (rule H6), and its own DPoP proof, which stays with its origin (rule H2). */
function readCarried(headers: OwnHeaders): number {
  if (!isRecord(headers)) {
    return (headers.has('authorization') ? carriesAuthorization : 0) | (headers.has('dpop') ? carriesProof : 0)
  }
  let carried = 0
  for (const name in headers) {
    if (name.toLowerCase() === 'authorization') carried |= carriesAuthorization
    else if (name.toLowerCase() === 'dpop') carried |= carriesProof
  }
  return carried
}

function copyHeaders(headers: HeadersInit | undefined): OwnHeaders | undefined {
  if (headers === undefined) return undefined
  return isRecord(headers) ? { ...headers } : new Headers(headers)
}

function withHeader(headers: OwnHeaders | undefined, name: string, value: string): HeadersInit {
  if (headers === undefined) return { [name]: value }
  if (isRecord(headers)) return { ...headers, [name]: value }
  // They are a copy of the caller's already, and another copy costs a microsecond.
  headers.set(name, value)
  return headers
}

/** Whether headers are a plain object of names and values. */
function isRecord(headers: HeadersInit): headers is Record<string, string> {
  return Object.getPrototypeOf(headers) === Object.prototype && !(Symbol.iterator in headers)
}
