import { type Authorization, type Client, findUnknownOptions, NightlatchError } from '@nightlatch/core'
import type { Dispatcher } from 'undici'
import { type AbortSource, withSignal } from './abort-source.ts'
import { type Call, readTraits, reportFailure, sendAsGiven, sendAuthorized } from './authorized-handler.ts'
import { originOf, readHop } from './redirected-hop.ts'
import {
  carriesAuthorization,
  carriesProof,
  copyHeaders,
  type ReadableHeaders,
  readCarried,
  readHeaders,
  toGiven,
  withoutProof,
} from './request-headers.ts'

/** Options of `nightlatchInterceptor`. */
export interface NightlatchInterceptorOptions {
  /**
   * What happens to a request for an origin that is not allowed to receive the token. `'reject'` (default) fails it with
   * `origin_refused`; `'passThrough'` sends it without the token, for a dispatcher that other requests share.
   */
  readonly foreignOrigins?: 'reject' | 'passThrough'
}

/**
 * Creates an interceptor for an undici dispatcher's `compose()` that adds the client's token to each request.
 *
 * It rejects origins that are not allowed before it requests a token. If the API rejects the token and the body can be sent
 * again, it repeats the request once with another token. A request with its own `Authorization` header is sent unchanged. If
 * no token is available, the request fails with the error of `client.authorize` and is not sent.
 *
 * @param client the client whose tokens are used
 * @param options what to do with requests for other origins
 * @returns an interceptor to pass to `compose()` first; it throws `invalid_options` for a dispatcher with several origins,
 * such as `BalancedPool`, and for undici before version 8
 * @throws NightlatchError `invalid_options` for an invalid client or option
 * @example
 * ```ts
 * import { createClient } from '@nightlatch/core'
 * import { prevu3d } from '@nightlatch/prevu3d'
 * import { nightlatchInterceptor } from '@nightlatch/undici'
 * import { Agent, request } from 'undici'
 *
 * const client = createClient(prevu3d(), { credentials })
 * const dispatcher = new Agent().compose(nightlatchInterceptor(client))
 * const { apiUrl } = await client.info()
 * const { body } = await request(`${apiUrl}/v1/nodes`, { dispatcher })
 * ```
 */
export function nightlatchInterceptor(
  client: Client,
  options: NightlatchInterceptorOptions = {},
): Dispatcher.DispatcherComposeInterceptor {
  checkInterceptor(client, options)
  const { foreignOrigins = 'reject' } = options
  const { authorize, provider } = client
  const { name } = provider
  const traits = readTraits(provider)

  const reject = (handler: Dispatcher.DispatchHandler, why: string): boolean => {
    reportFailure(handler, undefined, new NightlatchError('origin_refused', `${name}: ${why}`, { provider: name }))
    return true
  }

  const authorizeAndSend = async (call: Call, address: string): Promise<void> => {
    const { opts, handler, signal: source } = call
    const { method } = opts
    // A request with its own authorization does not need the client's token, so any origin is fine.
    const foreign = (call.carried & carriesAuthorization) === 0 ? foreignOrigins : 'passThrough'
    let authorization: Authorization | undefined
    try {
      authorization = await (source === undefined
        ? authorize(address, { method, foreignOrigins: foreign })
        : withSignal(source, (signal) =>
            authorize(address, { method, foreignOrigins: foreign, ...(signal && { signal }) }),
          ))
    } catch (failure) {
      reportFailure(handler, undefined, failure)
      return
    }
    if (authorization === undefined) sendAsGiven(call)
    else sendAuthorized(call, authorization)
  }

  // undici 8 passes a second argument that its types lack: the origin to which the dispatcher sends every request, or null
  // if it has several.
  return (dispatch, ...origin: readonly (string | null | undefined)[]) => {
    if (origin.length === 0) {
      throw new NightlatchError(
        'invalid_options',
        `${name}: nightlatchInterceptor requires undici 8: compose() of older versions does not report the origin to which the dispatcher sends a request`,
        { provider: name },
      )
    }
    const [fixedOrigin] = origin
    if (fixedOrigin === null) {
      throw new NightlatchError(
        'invalid_options',
        `${name}: nightlatchInterceptor does not support a dispatcher with several origins, because it cannot check where a request is sent. Compose an Agent, a Pool or a Client`,
        { provider: name },
      )
    }
    return function dispatchAuthorized(opts, handler) {
      // undici itself rejects these.
      if (typeof opts !== 'object' || opts === null) return dispatch(opts, handler)
      const given = readHeaders(opts.headers)
      const carried = readCarried(given)
      const unchanged = (headers: ReadableHeaders = given): boolean =>
        dispatch(headers === opts.headers ? opts : { ...opts, headers: toGiven(headers) }, handler)
      // A caller's own `Authorization` wins; only a provider with its own header still adds something (rule H6).
      const hasOwn = (carried & carriesAuthorization) !== 0
      const isComplete = hasOwn && provider.authorizeRequest === undefined
      if (isComplete && (carried & carriesProof) === 0) return unchanged()
      if (!isHandler(handler)) throw new TypeError('handler must have onRequestStart and onResponseError')

      if (isForCache(handler))
        return reject(
          handler,
          `the cache does not see the token and could serve one tenant's response to another. ${cacheFix}`,
        )

      const hop = readHop(opts, handler)
      // A redirect chain that left the origin once gets no token, even if it returns (rule H2).
      if (hop === 'crossOrigin') return unchanged((carried & carriesProof) === 0 ? given : withoutProof(given))
      if (hop === 'unknown') return reject(handler, `the origin that redirected to this URL is unknown. ${redirectFix}`)
      if (hop === 'resolved' && !hasOwn)
        return reject(
          handler,
          `the dns interceptor replaced the host by an IP address, so the origin cannot be checked. ${dnsFix}`,
        )

      const address = addressOf(opts, fixedOrigin)
      if (address === undefined && !hasOwn) {
        if (foreignOrigins === 'passThrough') return unchanged()
        return reject(
          handler,
          "the request's origin is missing or differs from the dispatcher's. Give the request the origin that the dispatcher was created for",
        )
      }
      const { signal } = opts as { readonly signal?: AbortSource | null }
      const call: Call = {
        dispatch,
        opts: opts.origin instanceof URL ? { ...opts, origin: opts.origin.origin } : { ...opts },
        headers: copyHeaders(given),
        handler,
        signal: signal ?? undefined,
        traits,
        isRepeatable: isRepeatable(opts.body),
        carried,
        controller: undefined,
      }
      if (isComplete || address === undefined || hop === 'resolved') {
        sendAsGiven(call)
        return true
      }
      void authorizeAndSend(call, address)
      return true
    }
  }
}

const redirectFix = 'Pass interceptors.redirect() to compose() right after nightlatchInterceptor'
const cacheFix = 'Pass interceptors.cache() to compose() before nightlatchInterceptor'
const dnsFix = 'Pass interceptors.dns() to compose() before nightlatchInterceptor'

/**
 * The URL to which undici will send a request.
 *
 * @param fixedOrigin the dispatcher's only origin; `undefined` if the request chooses it
 * @returns `undefined` if no origin is known, or if request, dispatcher and path name different ones
 */
function addressOf(
  { origin: requested, path, method }: Dispatcher.DispatchOptions,
  fixedOrigin: string | undefined,
): string | undefined {
  const named =
    typeof requested !== 'string' ? originOf(requested) : requested.endsWith('/') ? requested.slice(0, -1) : requested
  const origin = fixedOrigin ?? named
  if (origin === undefined) return undefined
  if (named !== undefined && named !== origin && originOf(named) !== origin) return undefined
  // CONNECT has a target instead of a path, and only the origin receives the request.
  if (method === 'CONNECT') return `${origin}/`
  if (typeof path !== 'string' || path.startsWith('/')) return `${origin}${path}`
  return path.startsWith(`${origin}/`) ? path : undefined
}

/** Whether a body can be sent again; a stream or an iterator cannot. */
function isRepeatable(body: unknown): boolean {
  if (body === undefined || body === null || typeof body === 'string') return true
  if (ArrayBuffer.isView(body) || body instanceof ArrayBuffer || body instanceof Blob) return true
  return typeof body === 'object' && Symbol.toStringTag in body && body[Symbol.toStringTag] === 'FormData'
}

/**
 * Whether a cache interceptor runs before this one: it does not see `Authorization`, so it would mix tenants' responses.
 * undici exports neither its handler classes nor a way to detect them, so their names are compared.
 */
function isForCache(handler: Dispatcher.DispatchHandler): boolean {
  let next: unknown = handler
  for (let depth = 0; depth < 10 && typeof next === 'object' && next !== null; depth += 1) {
    const name = (next.constructor as { readonly name?: unknown } | undefined)?.name
    if (name === 'CacheHandler' || name === 'CacheRevalidationHandler') return true
    next = (next as { readonly handler?: unknown }).handler
  }
  return false
}

/** undici validates only the handler that it receives, so the caller's own is validated here. */
function isHandler(handler: unknown): boolean {
  if (typeof handler !== 'object' || handler === null) return false
  const { onRequestStart, onResponseError } = handler as Dispatcher.DispatchHandler
  return typeof onRequestStart === 'function' && typeof onResponseError === 'function'
}

function checkInterceptor(client: unknown, options: unknown): void {
  const mistakes: string[] = []
  const known = client as Partial<Client> | null | undefined
  if (typeof known !== 'object' || known === null || typeof known.authorize !== 'function') {
    mistakes.push('client must be a client that createClient() returned')
  }
  if (typeof options !== 'object' || options === null) mistakes.push('options must be an object')
  else {
    const { foreignOrigins } = options as { readonly foreignOrigins?: unknown }
    if (foreignOrigins !== undefined && foreignOrigins !== 'reject' && foreignOrigins !== 'passThrough') {
      mistakes.push("options.foreignOrigins must be 'reject' or 'passThrough'")
    }
    mistakes.push(...findUnknownOptions(options, ['foreignOrigins']))
  }
  if (mistakes.length > 0) throw new NightlatchError('invalid_options', `nightlatchInterceptor: ${mistakes.join('; ')}`)
}
