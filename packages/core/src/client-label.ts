import * as v from 'valibot'

const maxLength = 200

/** What a client's label must be: short, and all of it printable. */
export const labelSchema: v.GenericSchema<string> = v.pipe(
  v.string('must be a string'),
  v.nonEmpty('must not be empty'),
  v.maxLength(maxLength, `must be at most ${maxLength} characters`),
  v.check((label) => !unprintable.test(label), 'must not have a line break or another control character'),
)

/** A tenant's name as a label: unprintable characters become spaces, and it is cut. */
export function labelOfTenant(tenant: string): string {
  const characters = Array.from(tenant.slice(0, maxLength))
  return characters.map((character) => (unprintable.test(character) ? ' ' : character)).join('')
}

/** Control characters, invisible characters and line separators. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/u
