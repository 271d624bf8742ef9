import * as v from 'valibot'
import { NightlatchError, withLabel } from '../errors.ts'
import { findNearestName } from './nearest-name.ts'
import { networkPlaceOf } from './network-place.ts'
import { describeUnknown } from './unknown-options.ts'

/** What is wrong with a value from outside, a line each: `options.timeout must be ...`. Never the value itself: it may be a secret. */
export function findMistakes(schema: v.GenericSchema, value: unknown, subject: string): readonly string[] {
  const result = v.safeParse(schema, value)
  return result.success ? [] : result.issues.map((issue) => describe(issue, subject))
}

function describe(issue: v.BaseIssue<unknown>, subject: string): string {
  const keys = issue.path?.map((item) => String(item.key)) ?? []
  const path = [subject, ...keys].join('.')
  if (issue.type === unknownName) return describeUnknown(path, issue.message)
  // An issue of a key, not of a value: nothing is there.
  return issue.path?.at(-1)?.origin === 'key' ? `${path} is missing` : `${path} ${issue.message}`
}

/** Only `exactObject` makes issues of this type; their message is the nearest name. */
const unknownName = 'raw_check'

/** An object of these entries and no others; each unknown one is a mistake, which names the nearest entry. */
/* @__NO_SIDE_EFFECTS__ */
export function exactObject<const Entries extends v.ObjectEntries>(
  entries: Entries,
  message: string,
): ExactObjectSchema<Entries> {
  // The entries inherit nothing, because valibot would use what a program put onto `Object.prototype`.
  const object = v.looseObject(ownMembers(entries), message)
  const check: v.RawCheckAction<v.InferOutput<typeof object>> = v.rawCheck(({ dataset: { value }, addIssue }) => {
    if (typeof value !== 'object' || value === null) return
    const input = value as Readonly<Record<string, unknown>>
    for (const key of Object.keys(input)) {
      if (Object.hasOwn(entries, key)) continue
      const nearest = findNearestName(key, Object.keys(entries)) ?? ''
      addIssue({ message: nearest, path: [{ type: 'object', origin: 'value', input, key, value: input[key] }] })
    }
  })
  return v.pipe(object, check)
}

/** See `exactObject`. */
export type ExactObjectSchema<Entries extends v.ObjectEntries> = v.SchemaWithPipe<
  readonly [v.LooseObjectSchema<Entries, string>, v.RawCheckAction<v.InferOutput<v.LooseObjectSchema<Entries, string>>>]
>

/** A copy of an object's own members, which inherits nothing: what is not in it is `undefined`, whatever `Object.prototype` has. */
export function ownMembers<T extends object>(from: T): T {
  return Object.assign(Object.create(null), from)
}

/**
 * Refuses mistakes, all of them at once.
 *
 * @throws NightlatchError `invalid_options`, naming every mistake by its path
 */
export function refuseMistakes(mistakes: readonly string[], provider: string | undefined, label?: string): void {
  if (mistakes.length === 0) return
  throw withLabel(new NightlatchError('invalid_options', joinMistakes(mistakes), { provider }), label)
}

/** Mistakes in one line; no semicolon follows a question. */
function joinMistakes(mistakes: readonly string[]): string {
  return mistakes.join('; ').replaceAll('?; ', '? ')
}

/**
 * Whether a URL's host is this machine, where others cannot read plain http.
 *
 * @example
 * ```ts
 * isLoopback(new URL('http://127.0.0.1:8080')) // true
 * isLoopback(new URL('https://api.acme.example')) // false
 * ```
 */
export function isLoopback(url: URL): boolean {
  return networkPlaceOf(url) === 'loopback'
}

/** No server accepts a longer URL, and code that parses one may be slow. */
const maxUrlLength = 8192

/** Why a secret or a token must not go to this URL, as the end of a sentence; `undefined` if it may. */
export function findUrlMistake(value: string | URL, allowInsecureRequests: boolean): string | undefined {
  if (String(value).length > maxUrlLength) return `must be ${maxUrlLength} characters at most`
  if (!URL.canParse(value)) return 'must be an absolute URL'
  const url = new URL(value)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be an https URL'
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or a password'
  if (url.hash !== '') return 'must not have a fragment'
  if (url.protocol === 'http:' && !allowInsecureRequests && !isLoopback(url)) {
    return 'must be https: every machine on the way can read what http carries (allowInsecureRequests permits it for a test network)'
  }
  return undefined
}

/**
 * Returns why a client must not follow a URL that a server names. Besides a mistake of any URL, this is an address or a local name,
 * unless the server itself is in such a place. Otherwise a server could make its clients send requests, and their secrets, to
 * machines that only the clients can reach.
 *
 * @param value the URL that the server names
 * @param server where the client found the server
 * @returns the end of a sentence that begins with the URL's name; `undefined` if the client can follow the URL
 * @example
 * ```ts
 * const server = new URL('https://login.acme.example')
 * const mistake = findNamedUrlMistake('http://10.0.0.1/token', server, false)
 * if (mistake !== undefined) throw new Error(`token_endpoint ${mistake}`)
 * ```
 */
export function findNamedUrlMistake(
  value: string | URL,
  server: URL,
  allowInsecureRequests: boolean,
): string | undefined {
  const mistake = findUrlMistake(value, allowInsecureRequests)
  if (mistake !== undefined) return mistake
  const url = new URL(value)
  const place = networkPlaceOf(url)
  if (place === 'name' || url.hostname === server.hostname) return undefined
  if (place !== 'reserved' && place === networkPlaceOf(server)) return undefined
  return `must not lead to ${placesInWords[place]}, because ${server.hostname} is not there itself`
}

const placesInWords = {
  loopback: 'this machine',
  'link-local': 'a link-local address',
  private: 'an address of a private network',
  shared: 'an address of a private network',
  'unique-local': 'an address of a private network',
  reserved: 'a reserved address',
  address: 'an IP address',
  'local-name': 'a host of a local network',
} as const
