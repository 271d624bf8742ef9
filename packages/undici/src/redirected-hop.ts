import type { Dispatcher } from 'undici'

/**
 * What a request is by its marks: of the caller's own making; a hop to the origin of all hops before it; one that has left
 * that origin; one of which that cannot be told; or one whose host another interceptor has made an address of.
 */
export type Hop = 'none' | 'home' | 'away' | 'unknown' | 'resolved'

/**
 * Reads the marks of undici's redirect interceptor, where that stands outside ours: it hands on a symbol in the options, and
 * its handler knows the URLs it came by. The dns interceptor uses the same symbol, for the host as it was.
 */
export function readHop(opts: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): Hop {
  // Looking for symbols takes a microsecond. These two names come with them, from redirect and from dns, and from few others.
  if (!('throwOnMaxRedirect' in opts || 'servername' in opts)) return 'none'
  const mark = readMark(opts)
  if (mark === undefined) return 'none'
  const origin = originOf(opts.origin)
  if (originOf(mark) !== origin) return 'resolved'
  const history = readHistory(handler)
  if (history === undefined) return 'unknown'
  return history.every((url) => originOf(url) === origin) ? 'home' : 'away'
}

/** The origin of a URL, or of the text of one; `undefined` where it is neither. */
export function originOf(url: unknown): string | undefined {
  if (url instanceof URL) return url.origin
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).origin : undefined
}

/** The URLs that a request came by. A retry handler may stand between the redirect handler and ours. */
function readHistory(handler: Dispatcher.DispatchHandler): readonly unknown[] | undefined {
  let next: unknown = handler
  while (typeof next === 'object' && next !== null) {
    const { history, handler: outer } = next as { readonly history?: unknown; readonly handler?: unknown }
    if (Array.isArray(history) && history.length > 0) return history
    next = outer
  }
  return undefined
}

/** undici exports none of its symbols. */
function readMark(opts: object): unknown {
  for (const symbol of Object.getOwnPropertySymbols(opts)) {
    if (symbol.description === 'request origin') return (opts as Readonly<Record<symbol, unknown>>)[symbol]
  }
  return undefined
}
