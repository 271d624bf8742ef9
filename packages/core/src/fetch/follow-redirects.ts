import { waitFor } from '../platform/deadline.ts'
import type { Fetch } from '../platform/fetch.ts'
import { discard } from './discard.ts'

/**
 * Follows redirects as `fetch` does, but keeps every header that carries the token within its origin: `fetch` does so for
 * `Authorization` only.
 *
 * @param fetch the transport
 * @param init the request with its token; `redirect` counts as `follow`
 * @param guard.carriers the names of the headers that carry the token
 * @throws TypeError as `fetch`: too many redirects, an invalid address, a stream that would be sent again
 * @see {@link https://fetch.spec.whatwg.org/#http-redirect-fetch Fetch, HTTP-redirect fetch}
 */
export async function followRedirects(
  fetch: Fetch,
  input: string | Request,
  init: RequestInit & { readonly headers: Headers },
  { carriers, onRedirect }: { readonly carriers: readonly string[]; readonly onRedirect?: OnRedirect | undefined },
): Promise<Response> {
  // Not `instanceof`, because a transport may have its own Request class.
  const request = typeof input === 'string' ? undefined : input
  const headers = new Headers(init.headers)
  let url = new URL(typeof input === 'string' ? input : input.url)
  let method = (init.method ?? request?.method ?? 'GET').toUpperCase()
  let body: RequestInit['body'] = init.body ?? (request === undefined ? null : await readBody(request, init.signal))
  let next: string | URL = typeof input === 'string' ? input : url
  let isSameOrigin = true
  for (let followed = 0; ; followed += 1) {
    const rest = request === undefined ? init : { ...toInit(request), ...init }
    const response = await fetch(next, { ...rest, method, headers, body, redirect: 'manual' })
    const location = response.headers.get('location')
    if (!redirects.has(response.status) || location === null) {
      return followed === 0 ? response : Object.defineProperty(response, 'redirected', { value: true })
    }
    await discard(response)
    if (followed === maxRedirects) throw new TypeError(`${url.origin} redirected more than ${maxRedirects} times`)

    // The messages do not quote the address, because a server may have put the token into it.
    const target = URL.parse(location, url)
    if (target?.protocol !== 'https:' && target?.protocol !== 'http:')
      throw new TypeError(`${url.origin} redirected to an address that is not an http or https URL`)
    if (target.username !== '' || target.password !== '')
      throw new TypeError(`${url.origin} redirected to a URL with a user name or a password`)
    const { status } = response
    const isToGet = status === 303 ? method !== 'GET' && method !== 'HEAD' : status < 303 && method === 'POST'
    if (isToGet) {
      method = 'GET'
      body = null
      for (const name of [
        'content-type',
        'content-length',
        'content-encoding',
        'content-language',
        'content-location',
      ]) {
        headers.delete(name)
      }
    } else if (isStream(body)) {
      throw new TypeError(`${url.origin} redirected a request whose body is a stream, which cannot be sent again`)
    }
    if (target.origin !== url.origin) {
      isSameOrigin = false
      for (const name of [...originBoundHeaders, ...carriers]) headers.delete(name)
    }
    if (isSameOrigin) await onRedirect?.({ headers, url: target, method, responseHeaders: response.headers })
    if (target.hash === '') target.hash = url.hash
    url = target
    next = target
  }
}

/** The next request of a redirect within the same origin. */
interface Hop {
  /** The headers of the next request; written to in place. */
  readonly headers: Headers
  readonly url: URL
  readonly method: string
  /** The headers of the redirect response. */
  readonly responseHeaders: Pick<Headers, 'get'>
}

/** Prepares the headers of the next request. */
export type OnRedirect = (hop: Hop) => Promise<void>

/** The limit of the platform's own `fetch`. */
const maxRedirects = 20

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Headers that do not go to another origin (rule H2), in addition to those that carry the token. */
const originBoundHeaders: readonly string[] = ['authorization', 'proxy-authorization', 'cookie', 'dpop']

/** Whether a body is a stream, which can be sent only once. */
export function isStream(body: unknown): boolean {
  return body instanceof ReadableStream || (typeof body === 'object' && body !== null && Symbol.asyncIterator in body)
}

/** Reads a Request's body into memory, because a redirect may send it again. */
async function readBody(request: Request, signal: AbortSignal | null = request.signal): Promise<ArrayBuffer | null> {
  return request.body === null ? null : await waitFor(request.arrayBuffer(), signal ?? undefined)
}

/** The members of a Request other than its URL, method, headers and body. */
function toInit({ signal, cache, credentials, integrity, keepalive, mode, referrerPolicy }: Request): RequestInit {
  return {
    signal,
    cache,
    credentials,
    integrity,
    keepalive,
    referrerPolicy,
    ...(mode === 'navigate' ? {} : { mode }),
  }
}
