import type { Dispatcher } from 'undici'

/** Headers in any form that undici accepts. */
export type GivenHeaders = NonNullable<Dispatcher.DispatchOptions['headers']> | null

/** Headers as a record, or as a flat array of alternating names and values. */
export type ReadableHeaders = Readonly<Record<string, unknown>> | readonly unknown[] | undefined

/** Converts headers to a form that can be read more than once, which an iterator cannot. */
export function readHeaders(given: GivenHeaders | undefined): ReadableHeaders {
  if (given === undefined || given === null) return undefined
  if (Array.isArray(given)) return Array.isArray(given[0]) ? flatten(given) : given
  return isIterable(given) ? flatten(given) : (given as Readonly<Record<string, unknown>>)
}

/** Converts headers back to undici's type. */
export function toGiven(headers: ReadableHeaders): GivenHeaders {
  return (headers ?? null) as GivenHeaders
}

/** Bits of `readCarried`. */
export const carriesAuthorization = 1
export const carriesProof = 2

/**
 * Finds a caller's own `Authorization` (which wins, rule H6) and `DPoP` proof (which stays with its origin, rule H2). Headers
 * without a value do not count, because undici does not send them.
 *
 * @returns `carriesAuthorization`, `carriesProof`, both or 0
 */
export function readCarried(headers: ReadableHeaders): number {
  if (headers === undefined) return 0
  let carried = 0
  if (isFlat(headers)) {
    for (let at = 0; at < headers.length; at += 2) {
      if (headers[at + 1] !== undefined) carried |= bitOf(lowerCase(headers[at]))
    }
    return carried
  }
  // undici sends only own properties.
  for (const name of Object.keys(headers)) {
    const { length } = name
    if ((length === 13 || length === 4) && headers[name] !== undefined) carried |= bitOf(name.toLowerCase())
  }
  return carried
}

function bitOf(name: string): number {
  if (name === 'authorization') return carriesAuthorization
  return name === 'dpop' ? carriesProof : 0
}

/** The headers without the `DPoP` proof. */
export function withoutProof(headers: ReadableHeaders): ReadableHeaders {
  if (headers === undefined) return undefined
  const isProof = (name: unknown): boolean => lowerCase(name) === 'dpop'
  if (isFlat(headers)) return headers.filter((_, at) => !isProof(headers[at - (at % 2)]))
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isProof(name)))
}

/** Copies headers, because the caller may change its own before the request is sent. */
export function copyHeaders(headers: ReadableHeaders): ReadableHeaders {
  if (headers === undefined) return undefined
  return isFlat(headers) ? headers.slice() : { ...headers }
}

/**
 * Adds the headers that carry the token, replacing headers of the same name.
 *
 * @param carrying the added headers, with lower-case names
 * @param isBearerOnly whether `authorization` is the only added header
 */
export function addHeaders(
  headers: ReadableHeaders,
  carrying: Readonly<Record<string, string>>,
  isBearerOnly: boolean,
): GivenHeaders {
  if (headers === undefined) return { ...carrying }
  if (isFlat(headers)) {
    // The caller has no `Authorization` in this case, so no name needs replacing.
    if (isBearerOnly) return [...headers, 'authorization', carrying.authorization] as string[]
    const all: unknown[] = []
    for (let at = 0; at < headers.length; at += 2) {
      if (!Object.hasOwn(carrying, lowerCase(headers[at]))) all.push(headers[at], headers[at + 1])
    }
    for (const [name, value] of Object.entries(carrying)) all.push(name, value)
    return all as string[]
  }
  const all: Record<string, unknown> = { ...headers, ...carrying }
  if (isBearerOnly) return all as Record<string, string>
  for (const name of Object.keys(headers)) {
    const key = name.toLowerCase()
    if (key !== name && Object.hasOwn(carrying, key)) delete all[name]
  }
  return all as Record<string, string>
}

function isFlat(headers: NonNullable<ReadableHeaders>): headers is readonly unknown[] {
  return Array.isArray(headers)
}

/** Follows undici's rule: an iterator added to `Object.prototype` does not make headers iterable. */
function isIterable(headers: object): headers is Iterable<unknown> {
  if (Object.hasOwn(headers, Symbol.iterator)) return true
  const prototype: unknown = Object.getPrototypeOf(headers)
  return prototype !== null && prototype !== Object.prototype && Symbol.iterator in headers
}

function flatten(pairs: Iterable<unknown>): readonly unknown[] {
  const flat: unknown[] = []
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) throw new TypeError('headers must be pairs of a name and a value')
    flat.push(pair[0], pair[1])
  }
  return flat
}

function lowerCase(name: unknown): string {
  return String(name).toLowerCase()
}
