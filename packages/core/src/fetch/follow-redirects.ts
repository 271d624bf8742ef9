import { waitFor } from '../platform/deadline.ts'
import { discard } from './discard.ts'

/** As many as the platform's `fetch` follows. */
const mostRedirects = 20

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** What no other origin may see (rule H2), besides the headers that carried the token. */
const ownToAnOrigin: readonly string[] = ['authorization', 'proxy-authorization', 'cookie', 'dpop']

/** The next address on the way, as long as that is one of the same origin. */
interface Hop {
  /** Of the next request, to be prepared. */
  readonly headers: Headers
  readonly url: URL
  readonly method: string
  /** The headers of the answer that redirects. */
  readonly answered: Pick<Headers, 'get'>
}

/** Prepares the headers for the next address on the way. */
export type OnTheWay = (hop: Hop) => Promise<void>

/**
 * Follows redirects as `fetch` does, for tokens in headers that `fetch` would take along to another origin: it knows
 * `Authorization` only.
 *
 * @param fetch the transport
 * @param input where the request goes
 * @param init the request, token on; its `redirect` is taken for `follow`
 * @param guard.carriers the names of the headers that carry the token
 * @throws TypeError where `fetch` would throw one: too many redirects, an address that is none, a stream to be sent again
 * @see {@link https://fetch.spec.whatwg.org/#http-redirect-fetch Fetch, HTTP-redirect fetch}
 */
export async function followRedirects(
  fetch: typeof globalThis.fetch,
  input: string | Request,
  init: RequestInit & { readonly headers: Headers },
  { carriers, onTheWay }: { readonly carriers: readonly string[]; readonly onTheWay?: OnTheWay | undefined },
): Promise<Response> {
  // A transport may bring a Request of its own.
  const request = typeof input === 'string' ? undefined : input
  const headers = new Headers(init.headers)
  let url = new URL(typeof input === 'string' ? input : input.url)
  let method = (init.method ?? request?.method ?? 'GET').toUpperCase()
  let body: RequestInit['body'] = init.body ?? (request === undefined ? null : await readBody(request, init.signal))
  let next: string | URL = typeof input === 'string' ? input : url
  let isAtHome = true
  for (let followed = 0; ; followed += 1) {
    const rest = request === undefined ? init : { ...toInit(request), ...init }
    const response = await fetch(next, { ...rest, method, headers, body, redirect: 'manual' })
    const location = response.headers.get('location')
    if (!redirects.has(response.status) || location === null) {
      return followed === 0 ? response : Object.defineProperty(response, 'redirected', { value: true })
    }
    await discard(response)
    if (followed === mostRedirects) throw new TypeError(`${url.origin} redirected more than ${mostRedirects} times`)

    // Not quoted: a server may have put into it what it was sent.
    const target = URL.parse(location, url)
    if (target?.protocol !== 'https:' && target?.protocol !== 'http:')
      throw new TypeError('redirected to no http address')
    if (target.username !== '' || target.password !== '')
      throw new TypeError('redirected to an address with a user name or a password')
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
      throw new TypeError('a redirect asks for a stream to be sent again')
    }
    if (target.origin !== url.origin) {
      isAtHome = false
      for (const name of [...ownToAnOrigin, ...carriers]) headers.delete(name)
    }
    if (isAtHome) await onTheWay?.({ headers, url: target, method, answered: response.headers })
    if (target.hash === '') target.hash = url.hash
    url = target
    next = target
  }
}

/** A stream is gone once it was sent. */
export function isStream(body: unknown): boolean {
  return body instanceof ReadableStream || (typeof body === 'object' && body !== null && Symbol.asyncIterator in body)
}

/** A Request's body can be read once, and a redirect may want it again. */
async function readBody(request: Request, signal: AbortSignal | null = request.signal): Promise<ArrayBuffer | null> {
  return request.body === null ? null : await waitFor(request.arrayBuffer(), signal ?? undefined)
}

/** What a Request says besides address, method, headers and body. */
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
