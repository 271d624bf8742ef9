import { findNearestName } from '@nightlatch/core'
import { isLoopback } from './loopback.ts'

/** A mistake in a configuration. */
export interface Mistake {
  /** Of the wrong value, such as `listen[0].port`; empty for the whole configuration. */
  readonly path: string
  /** A sentence that names the path. It never quotes a value that may be a secret. */
  readonly message: string
}

/** Receives each mistake: its path, and the sentence. */
export type Report = (path: string, message: string) => void

/** Checks a value, and reports its mistakes. */
export type Check = (value: unknown, path: string, report: Report) => void

/** Any value. */
export const anything: Check = () => undefined

/** A string that is not empty and has no control character. */
export const text: Check = (value, path, report) => {
  if (typeof value !== 'string') report(path, `${path} must be a string${hintOfNumber(value)}`)
  else if (value === '') report(path, `${path} must not be empty`)
  else if (/\p{Cc}/u.test(value)) report(path, `${path} must not contain a line break or another control character`)
}

/** A string that matches a pattern. */
export function textLike(pattern: RegExp, requirement: string): Check {
  return (value, path, report) => {
    if (typeof value !== 'string' || !pattern.test(value))
      report(path, `${path} must be ${requirement}${hintOfNumber(value)}`)
  }
}

/** `true` or `false`. */
export const flag: Check = (value, path, report) => {
  if (typeof value !== 'boolean') report(path, `${path} must be true or false`)
}

/** A number within bounds. */
export function numberIn(
  lowest: number,
  highest: number,
  { unit, isWhole = false }: { readonly unit?: string; readonly isWhole?: boolean },
): Check {
  return (value, path, report) => {
    const isInside = typeof value === 'number' && value >= lowest && value <= highest
    if (isInside && (!isWhole || Number.isInteger(value))) return
    const kind = `${isWhole ? 'a whole number' : 'a number'}${unit === undefined ? '' : ` of ${unit}`}`
    report(path, `${path} must be ${kind} from ${count(lowest)} to ${count(highest)}`)
  }
}

/** An absolute https URL without user name and password; http only for this machine, because others could change the response. */
export const url: Check = (value, path, report) => {
  const given = typeof value === 'string' || value instanceof URL ? String(value) : ''
  const parsed = URL.canParse(given) ? new URL(given) : undefined
  const isLocal = parsed?.protocol === 'http:' && isLoopback(parsed.hostname)
  if (parsed === undefined || (parsed.protocol !== 'https:' && !isLocal)) {
    report(path, `${path} must be an absolute URL that starts with https://`)
  } else if (parsed.username !== '' || parsed.password !== '') {
    report(path, `${path} must not contain a user name or a password`)
  }
}

/** An array whose items pass a check. */
export function listOf(item: Check, { minimum = 0, of }: { readonly minimum?: number; readonly of: string }): Check {
  return (value, path, report) => {
    if (!Array.isArray(value)) return report(path, `${path} must be a list of ${of}`)
    if (value.length < minimum)
      report(path, `${path} must have at least ${minimum === 1 ? 'one entry' : `${minimum} entries`}`)
    for (const [at, entry] of value.entries()) item(entry, `${path}[${at}]`, report)
  }
}

/** Members of an object by name; a required one ends in `!`. */
export type Members = Readonly<Record<string, Check>>

/** An object of these members and no others. */
export function objectOf(members: Members, description: string): Check {
  const names = Object.keys(members).map(withoutMark)
  return (value, path, report) => {
    if (!isObject(value)) return report(path, `${path === '' ? 'The configuration' : path} must be ${description}`)
    const at = (name: string): string => (path === '' ? name : `${path}.${name}`)
    for (const name of Object.keys(value)) {
      if (!names.includes(name)) report(at(name), describeUnknown(at(name), at, findNearestName(name, names)))
    }
    for (const [marked, check] of Object.entries(members)) {
      const name = withoutMark(marked)
      const member = Object.hasOwn(value, name) ? value[name] : undefined
      if (member !== undefined) check(member, at(name), report)
      else if (marked !== name) report(at(name), `${at(name)} is missing`)
    }
  }
}

/** An object whose members have any name that passes a check of names. */
export function recordOf(
  member: Check,
  { of, findNameMistake }: { readonly of: string; readonly findNameMistake: (name: string) => string | undefined },
): Check {
  return (value, path, report) => {
    if (!isObject(value)) return report(path, `${path} must be an object of ${of}, by name`)
    for (const [name, entry] of Object.entries(value)) {
      const mistake = findNameMistake(name)
      if (mistake !== undefined) report(`${path}.${name}`, `${path}.${name}: ${mistake}`)
      member(entry, `${path}.${name}`, report)
    }
  }
}

/** Whether a value is an object with members, such as a mapping of YAML. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** One unknown reference as a sentence, with the nearest known name. */
export function describeUnknownReference(path: string, kind: string, name: string, known: readonly string[]): string {
  const nearest = findNearestName(name, known)
  const wayOut =
    nearest === undefined
      ? `The ${kind}s are ${known.length === 0 ? 'none' : known.join(', ')}.`
      : `Did you mean \`${nearest}\`?`
  return `${path}: there is no ${kind} \`${name}\`. ${wayOut}`
}

function describeUnknown(path: string, at: (name: string) => string, nearest: string | undefined): string {
  const unknown = `Unknown field \`${path}\``
  return nearest === undefined
    ? `${unknown}: remove it, or check its spelling`
    : `${unknown}. Did you mean \`${at(nearest)}\`?`
}

function withoutMark(name: string): string {
  return name.endsWith('!') ? name.slice(0, -1) : name
}

/** YAML reads `0660` and `yes` as something other than a string. */
function hintOfNumber(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean' ? '; write it in quotes' : ''
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
