import * as v from 'valibot'
import { NightlatchError, withLabel } from '../errors.ts'
import { findNearestName } from './nearest-name.ts'
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
