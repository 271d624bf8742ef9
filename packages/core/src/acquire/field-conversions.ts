/**
 * Converts a lifetime in milliseconds to seconds, for `expiresIn`; the core checks its range.
 *
 * @param value a number, or a string of digits
 * @returns seconds; `undefined` for any other value
 * @example
 * ```ts
 * const readTokenResponse = ({ body }: TokenAnswer): TokenFields => ({
 *   accessToken: readPath(body, 'token'),
 *   expiresIn: secondsFromMilliseconds(readPath(body, 'ttlMillis')),
 * })
 * ```
 */
export function secondsFromMilliseconds(value: unknown): number | undefined {
  const milliseconds = toNumber(value)
  return milliseconds === undefined ? undefined : milliseconds / 1000
}

/**
 * Converts seconds since the epoch, such as `exp` of a JWT, to a `Date` for `expiresAt`.
 *
 * @param value a number, or a string of digits
 * @returns `undefined` for any other value
 * @example
 * ```ts
 * const readTokenResponse = ({ body }: TokenAnswer): TokenFields => ({
 *   accessToken: readPath(body, 'token'),
 *   expiresAt: dateFromEpochSeconds(readPath(body, 'exp')),
 * })
 * ```
 */
export function dateFromEpochSeconds(value: unknown): Date | undefined {
  return toDate((toNumber(value) ?? Number.NaN) * 1000)
}

/**
 * Converts milliseconds since the epoch to a `Date` for `expiresAt`.
 *
 * @param value a number, or a string of digits
 * @returns `undefined` for any other value
 * @example
 * ```ts
 * const readTokenResponse = ({ body }: TokenAnswer): TokenFields => ({
 *   accessToken: readPath(body, 'token'),
 *   expiresAt: dateFromEpochMilliseconds(readPath(body, 'expiresAtMillis')),
 * })
 * ```
 */
export function dateFromEpochMilliseconds(value: unknown): Date | undefined {
  return toDate(toNumber(value) ?? Number.NaN)
}

/**
 * Converts an RFC 3339 time, such as `2026-11-20T10:00:00Z`, to a `Date` for `expiresAt`.
 *
 * @param value a string with an offset and any fraction of a second; if the vendor sends UTC without one, append `Z`
 * @returns `undefined` for any other value
 * @example
 * ```ts
 * const readTokenResponse = ({ body }: TokenAnswer): TokenFields => ({
 *   accessToken: readPath(body, 'token'),
 *   expiresAt: dateFromIso(readPath(body, 'expiration')),
 * })
 * ```
 * @see {@link https://www.rfc-editor.org/rfc/rfc3339#section-5.6 RFC 3339 section 5.6}
 */
export function dateFromIso(value: unknown): Date | undefined {
  const parts = typeof value === 'string' ? isoTime.exec(value.trim()) : null
  if (parts === null) return undefined
  const [, day = '', time = '', milliseconds = '', hours = '+00', minutes = '00'] = parts
  // Date.parse turns 30 February into 2 March.
  const date = toDate(Date.parse(`${day}T00:00:00Z`))
  if (date === undefined || date.toISOString().slice(0, 10) !== day) return undefined
  return toDate(Date.parse(`${day}T${time}${milliseconds}${hours}:${minutes}`))
}

/** Date.parse reads three digits of a second in every engine, and an offset with its colon. */
const isoTime = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:(\.\d{1,3})\d*)?(?:[Zz]|([+-]\d{2}):?(\d{2}))$/

/**
 * Converts an HTTP date, such as `Sun, 06 Nov 1994 08:49:37 GMT`, to a `Date` for `expiresAt`.
 *
 * @param value a string, or the `null` of `headers.get` for a missing header
 * @returns `undefined` for any other value
 * @example
 * ```ts
 * const readTokenResponse = ({ body, headers }: TokenAnswer): TokenFields => ({
 *   accessToken: readPath(body, 'token'),
 *   expiresAt: dateFromHttpDate(headers.get('expires')),
 * })
 * ```
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7 RFC 9110 section 5.6.7}
 */
export function dateFromHttpDate(value: unknown): Date | undefined {
  // The pattern comes first, because Date.parse also accepts `-5`.
  if (typeof value !== 'string' || !/^[A-Za-z]{3,9}, /.test(value)) return undefined
  return toDate(Date.parse(value))
}

/**
 * Reads the value at a path in a body, such as `readPath(body, 'data', 0, 'token')`; it never throws.
 *
 * @param path own properties by name, items of arrays by index
 * @returns `undefined` if there is no value at the path
 * @example
 * ```ts
 * const acme: Provider = {
 *   name: 'acme',
 *   tokenEndpoint: 'https://login.acme.example/token',
 *   // The response is { tokens: [{ value }] }.
 *   readTokenResponse: ({ body }) => ({ accessToken: readPath(body, 'tokens', 0, 'value') }),
 * }
 * ```
 */
export function readPath(body: unknown, ...path: readonly (string | number)[]): unknown {
  let found = body
  for (const step of path) {
    if (typeof found !== 'object' || found === null) return undefined
    if (Array.isArray(found) !== (typeof step === 'number') || !Object.hasOwn(found, step)) return undefined
    found = (found as Readonly<Record<string | number, unknown>>)[step]
  }
  return found
}

function toNumber(value: unknown): number | undefined {
  const number = (typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value) as number
  // `Number.isFinite` is also false for values that are not numbers.
  return Number.isFinite(number) ? number : undefined
}

/** Returns `undefined` in place of an invalid `Date` (NaN, or beyond the year 275760). */
function toDate(milliseconds: number): Date | undefined {
  const date = new Date(milliseconds)
  return Number.isNaN(date.getTime()) ? undefined : date
}
