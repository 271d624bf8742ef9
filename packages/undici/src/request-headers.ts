import type { Dispatcher } from 'undici'

/** Headers in any form that undici takes. */
export type GivenHeaders = NonNullable<Dispatcher.DispatchOptions['headers']> | null

/** Headers in one of two forms: a record, or names and values in turn. */
export type ReadableHeaders = Readonly<Record<string, unknown>> | readonly unknown[] | undefined

/** Headers in a form that can be read more than once: an iterator's are there only the first time. */
export function readHeaders(given: GivenHeaders | undefined): ReadableHeaders {
  if (given === undefined || given === null) return undefined
  if (Array.isArray(given)) return Array.isArray(given[0]) ? flatten(given) : given
  return isIterable(given) ? flatten(given) : (given as Readonly<Record<string, unknown>>)
}

/** What has been read, for undici. */
export function toGiven(headers: ReadableHeaders): GivenHeaders {
  return (headers ?? null) as GivenHeaders
}

/** Whether the caller brings an authorization of its own, which wins (rule H6). A header without a value is not sent. */
export function hasAuthorization(headers: ReadableHeaders): boolean {
  if (headers === undefined) return false
  if (isFlat(headers)) {
    for (let at = 0; at < headers.length; at += 2) {
      if (lowerCase(headers[at]) === 'authorization' && headers[at + 1] !== undefined) return true
    }
    return false
  }
  // Own names only, as undici sends no others.
  for (const name of Object.keys(headers)) {
    if (name.length === 13 && name.toLowerCase() === 'authorization' && headers[name] !== undefined) return true
  }
  return false
}

/** A copy, for the caller may use its own again before the request goes out. */
export function copyHeaders(headers: ReadableHeaders): ReadableHeaders {
  if (headers === undefined) return undefined
  return isFlat(headers) ? headers.slice() : { ...headers }
}

/**
 * The request's headers with those that carry the token, which stand in place of any of the same name.
 *
 * @param carrying by lower-case names
 * @param isBearerOnly whether that is `authorization` alone
 */
export function addHeaders(
  headers: ReadableHeaders,
  carrying: Readonly<Record<string, string>>,
  isBearerOnly: boolean,
): GivenHeaders {
  if (headers === undefined) return { ...carrying }
  if (isFlat(headers)) {
    const all: unknown[] = []
    for (let at = 0; at < headers.length; at += 2) {
      if (!Object.hasOwn(carrying, lowerCase(headers[at]))) all.push(headers[at], headers[at + 1])
    }
    for (const [name, value] of Object.entries(carrying)) all.push(name, value)
    return all as string[]
  }
  const all: Record<string, unknown> = { ...headers, ...carrying }
  // A record that has an authorization of its own does not come here.
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

/** As undici tells them apart: an iterator on the prototype of every object is not the headers' own. */
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
