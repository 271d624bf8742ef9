import { type Authorization, type Client, findUnknownOptions, NightlatchError } from '@nightlatch/core'
import type { Dispatcher } from 'undici'
import { type AbortSource, heed } from './abort-source.ts'
import { type Call, reportFailure, sendAsGiven, sendAuthorized } from './authorized-handler.ts'
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

/** What departs from the interceptor's defaults. */
export interface NightlatchInterceptorOptions {
  /**
   * What happens to a request for an origin that the token is not allowed to go to. `'reject'`, the default: it fails with
   * `origin_refused`. `'passThrough'`: it is sent without the token, for a dispatcher that makes a process's other requests too.
   */
  readonly foreignOrigins?: 'reject' | 'passThrough'
}

/**
 * An interceptor for `compose()` of an undici dispatcher: it puts the client's token on each request, refuses origins that may
 * not see it before it asks for one, and replaces a refused token once, where the body can be sent again. A request with an
 * `Authorization` header of its own goes out as it is.
 *
 * A request that cannot have a token fails with what `client.authorize` throws, and does not go out.
 *
 * @param client whose tokens they are
 * @param options what departs from the defaults
 * @returns what `compose()` takes, before other interceptors; it throws `invalid_options` for a dispatcher that spreads requests
 * over several origins, whatever they say, as `BalancedPool` does
 * @throws NightlatchError `invalid_options`
 */
export function nightlatchInterceptor(
  client: Client,
  options: NightlatchInterceptorOptions = {},
): Dispatcher.DispatcherComposeInterceptor {
  checkInterceptor(client, options)
  const { foreignOrigins = 'reject' } = options
  const { authorize, provider } = client
  const { name } = provider
  const isBound = provider.dpop === true
  const isBearerOnly = !isBound && provider.authorizeRequest === undefined

  const refuse = (handler: Dispatcher.DispatchHandler, why: string): boolean => {
    reportFailure(handler, undefined, new NightlatchError('origin_refused', `${name}: ${why}`, { provider: name }))
    return true
  }

  const authorizeAndSend = async (call: Call, address: string): Promise<void> => {
    const { opts, handler } = call
    const { method } = opts
    // A request with an authorization of its own needs no token of ours, wherever it goes.
    const foreign = (call.carried & carriesAuthorization) === 0 ? foreignOrigins : 'passThrough'
    let authorization: Authorization | undefined
    try {
      authorization = await heed(call.signal, (signal) =>
        authorize(address, { method, foreignOrigins: foreign, ...(signal && { signal }) }),
      )
    } catch (failure) {
      reportFailure(handler, undefined, failure)
      return
    }
    if (authorization === undefined) sendAsGiven(call)
    else sendAuthorized(call, authorization)
  }

  // The second parameter is not in undici's types: the origin that a dispatcher sends all requests to, whatever they say; null
  // where it has several.
  return (dispatch, ...origin: readonly (string | null | undefined)[]) => {
    if (origin.length === 0) {
      throw new NightlatchError(
        'invalid_options',
        `${name}: nightlatchInterceptor requires undici 8: the compose() of an older version does not say where the dispatcher sends a request`,
        { provider: name },
      )
    }
    const [fixedOrigin] = origin
    if (fixedOrigin === null) {
      throw new NightlatchError(
        'invalid_options',
        `${name}: nightlatchInterceptor cannot tell where this dispatcher sends a request: compose an Agent, a Pool or a Client`,
        { provider: name },
      )
    }
    return function dispatchAuthorized(opts, handler) {
      // What undici refuses itself.
      if (typeof opts !== 'object' || opts === null) return dispatch(opts, handler)
      const given = readHeaders(opts.headers)
      const carried = readCarried(given)
      const unchanged = (headers: ReadableHeaders = given): boolean =>
        dispatch(headers === opts.headers ? opts : { ...opts, headers: toGiven(headers) }, handler)
      // Only a provider with a header of its own has something to add (rule H6).
      const hasOwn = (carried & carriesAuthorization) !== 0
      const isComplete = hasOwn && provider.authorizeRequest === undefined
      if (isComplete && (carried & carriesProof) === 0) return unchanged()
      if (!isHandler(handler)) throw new TypeError('handler must have onRequestStart and onResponseError')

      if (isForCache(handler))
        return refuse(handler, `the cache would serve its answers whatever the token: ${orderOfCache}`)

      const hop = readHop(opts, handler)
      // Another origin redirected to it, even if it is home again (rule H2).
      if (hop === 'away') return unchanged((carried & carriesProof) === 0 ? given : withoutProof(given))
      if (hop === 'unknown')
        return refuse(handler, `it cannot be told where this redirect came from: ${orderOfRedirect}`)
      if (hop === 'resolved' && !hasOwn) return refuse(handler, `its host has become an address: ${orderOfDns}`)

      const address = addressOf(opts, fixedOrigin)
      if (address === undefined && !hasOwn) {
        if (foreignOrigins === 'passThrough') return unchanged()
        return refuse(handler, 'a request must go to the origin that it names, and that the dispatcher is for')
      }
      const { signal } = opts as { readonly signal?: AbortSource | null }
      const call: Call = {
        dispatch,
        opts: opts.origin instanceof URL ? { ...opts, origin: opts.origin.origin } : { ...opts },
        headers: copyHeaders(given),
        handler,
        signal: signal ?? undefined,
        provider,
        isRepeatable: isRepeatable(opts.body),
        isBound,
        isBearerOnly,
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

const orderOfRedirect = 'give compose() interceptors.redirect() right after nightlatchInterceptor'
const orderOfCache = 'give compose() interceptors.cache() before nightlatchInterceptor'
const orderOfDns = 'give compose() interceptors.dns() before nightlatchInterceptor'

/**
 * The URL that a request goes to.
 *
 * @param fixedOrigin where the dispatcher sends it, whatever the request says; `undefined`: where that says
 * @returns `undefined` where the two, or the path, name different origins, or none
 */
function addressOf(
  { origin: asked, path, method }: Dispatcher.DispatchOptions,
  fixedOrigin: string | undefined,
): string | undefined {
  const named = typeof asked !== 'string' ? originOf(asked) : asked.endsWith('/') ? asked.slice(0, -1) : asked
  const origin = fixedOrigin ?? named
  if (origin === undefined) return undefined
  if (named !== undefined && named !== origin && originOf(named) !== origin) return undefined
  // The target of CONNECT is no path, and nothing of it is sent but to the origin.
  if (method === 'CONNECT') return `${origin}/`
  if (typeof path !== 'string' || path.startsWith('/')) return `${origin}${path}`
  return path.startsWith(`${origin}/`) ? path : undefined
}

/** Whether a body is still there after it was sent. A stream or an iterator is not. */
function isRepeatable(body: unknown): boolean {
  if (body === undefined || body === null || typeof body === 'string') return true
  if (ArrayBuffer.isView(body) || body instanceof ArrayBuffer || body instanceof Blob) return true
  return typeof body === 'object' && Symbol.toStringTag in body && body[Symbol.toStringTag] === 'FormData'
}

/**
 * Whether a cache stands outside ours: it sees no `Authorization`, and what it keeps would go to another tenant. undici exports
 * neither its handlers nor a mark of them, so they are known by the names of their classes.
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

/** undici looks at the handler it is given, which is ours. */
function isHandler(handler: unknown): boolean {
  if (typeof handler !== 'object' || handler === null) return false
  const { onRequestStart, onResponseError } = handler as Dispatcher.DispatchHandler
  return typeof onRequestStart === 'function' && typeof onResponseError === 'function'
}

function checkInterceptor(client: unknown, options: unknown): void {
  const mistakes: string[] = []
  const known = client as Partial<Client> | null | undefined
  if (typeof known !== 'object' || known === null || typeof known.authorize !== 'function') {
    mistakes.push('client must be what createClient() returned')
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
