import type { RecordedRequest } from '../recorded-request.ts'

/**
 * The places of a request that contain a text, plain, URL-encoded, form-encoded or in Base64, for example `header
 * authorization`.
 */
export function placesOf(text: string, request: RecordedRequest): readonly string[] {
  const forms = encodingsOf(text)
  const holds = (value: string): boolean =>
    [value, ...value.split(' ').map(decodeBase64)].some((shown) => forms.some((form) => shown.includes(form)))
  const inHeaders = [...request.headers].filter(([, value]) => holds(value)).map(([name]) => `header ${name}`)
  const inQuery = [...request.query].filter(([, value]) => holds(value)).map(([name]) => `query parameter ${name}`)
  const inPath = forms.some((form) => request.path.includes(form)) ? ['path'] : []
  const members = bodyMembers(request)
  const inBody = members.filter(([, value]) => holds(String(value))).map(([name]) => `body parameter ${name}`)
  return [...inHeaders, ...inPath, ...inQuery, ...inBody]
}

/** A text, plain, URL-encoded and form-encoded. */
export function encodingsOf(text: string): readonly string[] {
  return [...new Set([text, encodeURIComponent(text), new URLSearchParams([['', text]]).toString().slice(1)])]
}

/** The parameters of a form, or the members of JSON with the path of nested ones. */
export function bodyMembers(request: RecordedRequest): readonly (readonly [name: string, value: unknown])[] {
  if (request.body === '') return []
  const json = parseJson(request.body)
  if (typeof json === 'object' && json !== null) return leavesOf(json).map(({ path, value }) => [path.join('.'), value])
  return [...request.form]
}

/** A primitive value in JSON and its path. */
export interface Leaf {
  readonly path: readonly string[]
  readonly value: unknown
}

/** All leaves of a JSON value. */
export function leavesOf(value: unknown, path: readonly string[] = []): readonly Leaf[] {
  if (typeof value !== 'object' || value === null) return [{ path, value }]
  return Object.entries(value).flatMap(([name, member]) => leavesOf(member, [...path, name]))
}

/** Copies a JSON value with one value replaced. */
export function replaceAt(value: unknown, path: readonly string[], replacement: unknown): unknown {
  const [name, ...rest] = path
  if (name === undefined) return replacement
  const copy: unknown = Array.isArray(value) ? [...value] : { ...(value as object) }
  const members = copy as Record<string, unknown>
  members[name] = replaceAt(members[name], rest, replacement)
  return copy
}

/** Parses JSON; `undefined` for invalid JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function decodeBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8')
}
