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

/** What a caller's own headers carry, in bits. */
export const carriesAuthorization = 1
export const carriesProof = 2

/**
 * A caller's own authorization wins (rule H6), and its own proof of possession stays with its origin (rule H2). A header
 * without a value is not sent.
 *
 * @returns the sum of what they carry
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
  // Own names only, as undici sends no others.
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

/** The headers without a proof of possession. */
export function withoutProof(headers: ReadableHeaders): ReadableHeaders {
  if (headers === undefined) return undefined
  const isProof = (name: unknown): boolean => lowerCase(name) === 'dpop'
  if (isFlat(headers)) return headers.filter((_, at) => !isProof(headers[at - (at % 2)]))
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isProof(name)))
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
