import type { Dispatcher } from 'undici'

/** Whether a request is a redirect, and where it leads. */
export type Hop =
  /** The caller made the request. */
  | 'none'
  /** A redirect chain that never left its origin. */
  | 'sameOrigin'
  /** A redirect chain that has left its first origin. */
  | 'crossOrigin'
  /** A redirect whose earlier URLs are unknown. */
  | 'unknown'
  /** The dns interceptor replaced the host by an IP address. */
  | 'resolved'

/**
 * Detects an earlier redirect interceptor: it sets a symbol in the options, and its handler holds the URLs visited. The dns
 * interceptor sets the same symbol to the original host.
 */
export function readHop(opts: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): Hop {
  // Looking for symbols takes about a microsecond, so it is done only if an option of redirect or dns is present.
  if (!('throwOnMaxRedirect' in opts || 'servername' in opts)) return 'none'
  const mark = readMark(opts)
  if (mark === undefined) return 'none'
  const origin = originOf(opts.origin)
  if (originOf(mark) !== origin) return 'resolved'
  const history = readHistory(handler)
  if (history === undefined) return 'unknown'
  return history.every((url) => originOf(url) === origin) ? 'sameOrigin' : 'crossOrigin'
}

/** The origin of a URL or of a URL string; `undefined` for anything else. */
export function originOf(url: unknown): string | undefined {
  if (url instanceof URL) return url.origin
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).origin : undefined
}

/**
 * The URLs visited before this request; the search looks through handlers, because a retry handler may wrap the redirect
 * handler.
 */
function readHistory(handler: Dispatcher.DispatchHandler): readonly unknown[] | undefined {
  let next: unknown = handler
  while (typeof next === 'object' && next !== null) {
    const { history, handler: outer } = next as { readonly history?: unknown; readonly handler?: unknown }
    if (Array.isArray(history) && history.length > 0) return history
    next = outer
  }
  return undefined
}

/** Finds undici's symbol by its description, because undici does not export it. */
function readMark(opts: object): unknown {
  for (const symbol of Object.getOwnPropertySymbols(opts)) {
    if (symbol.description === 'request origin') return (opts as Readonly<Record<symbol, unknown>>)[symbol]
  }
  return undefined
}
