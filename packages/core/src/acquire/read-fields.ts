/**
 * What stands at a path in a body: `readPath(body, 'data', 0, 'token')`. Own properties by name, items of arrays by index.
 *
 * @returns `undefined` where there is nothing at the path; it never throws
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

/**
 * A lifetime in seconds, for `expiresIn`, from one in milliseconds.
 *
 * @param value a number, or a string of digits
 * @returns seconds; `undefined` for all else. Whether they may be believed is judged later
 */
export function secondsFromMilliseconds(value: unknown): number | undefined {
  const milliseconds = toNumber(value)
  return milliseconds === undefined ? undefined : milliseconds / 1000
}

/**
 * An instant, for `expiresAt`, from seconds since the epoch, as `exp` in a JWT.
 *
 * @param value a number, or a string of digits
 * @returns `undefined` for all else
 */
export function dateFromEpochSeconds(value: unknown): Date | undefined {
  const seconds = toNumber(value)
  return seconds === undefined ? undefined : toDate(seconds * 1000)
}

/**
 * An instant, for `expiresAt`, from milliseconds since the epoch, as JavaScript and Java count.
 *
 * @param value a number, or a string of digits
 * @returns `undefined` for all else
 */
export function dateFromEpochMilliseconds(value: unknown): Date | undefined {
  const milliseconds = toNumber(value)
  return milliseconds === undefined ? undefined : toDate(milliseconds)
}

/**
 * An instant, for `expiresAt`, from ISO 8601 as RFC 3339 has it: `2026-11-20T10:00:00Z`, with any fraction of a second. A time
 * without an offset is nobody's: append the `Z` where the vendor says UTC.
 *
 * @param value a string
 * @returns `undefined` for all else
 * @see {@link https://www.rfc-editor.org/rfc/rfc3339#section-5.6 RFC 3339 section 5.6}
 */
export function dateFromIso(value: unknown): Date | undefined {
  const parts = typeof value === 'string' ? isoTime.exec(value.trim()) : null
  if (parts === null) return undefined
  const [, day = '', time = '', fraction = '', offset = ''] = parts
  // Date.parse makes the 2nd of March of the 30th of February.
  const date = toDate(Date.parse(`${day}T00:00:00Z`))
  if (date === undefined || date.toISOString().slice(0, 10) !== day) return undefined
  const zone = /^z$/i.test(offset) ? 'Z' : offset.replace(/^(...)(\d\d)$/, '$1:$2')
  return toDate(Date.parse(`${day}T${time}${fraction.slice(0, 4)}${zone}`))
}

const isoTime = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(\.\d+)?([Zz]|[+-]\d{2}:?\d{2})$/

/**
 * An instant, for `expiresAt`, from an HTTP date, as headers have it: `Sun, 06 Nov 1994 08:49:37 GMT`.
 *
 * @param value a string, or the `null` that `headers.get` gives for a header that is not there
 * @returns `undefined` for all else
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7 RFC 9110 section 5.6.7}
 */
export function dateFromHttpDate(value: unknown): Date | undefined {
  // Only what looks like one: Date.parse makes a date of `-5`, too.
  if (typeof value !== 'string' || !/^[A-Za-z]{3,9}, /.test(value)) return undefined
  return toDate(Date.parse(value))
}

function toNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** A `Date` that is none (of NaN, or beyond the year 275760) is nothing. */
function toDate(milliseconds: number): Date | undefined {
  const date = new Date(milliseconds)
  return Number.isNaN(date.getTime()) ? undefined : date
}
