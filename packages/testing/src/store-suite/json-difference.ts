import { inspect } from 'node:util'

/**
 * Describes where two JSON values first differ; `undefined` if they are deeply equal, regardless of the order of members.
 */
export function jsonDifference(actual: unknown, wanted: unknown, place = 'it'): string | undefined {
  if (!isStructure(actual) || !isStructure(wanted)) {
    return Object.is(actual, wanted) ? undefined : `${place} should be ${show(wanted)}, but is ${show(actual)}`
  }
  if (Array.isArray(actual) !== Array.isArray(wanted)) {
    const kind = (value: unknown): string => (Array.isArray(value) ? 'an array' : 'an object')
    return `${place} should be ${kind(wanted)}, but is ${kind(actual)}`
  }
  const [names, wantedNames] = [Object.keys(actual), Object.keys(wanted)]
  const missing = wantedNames.find((name) => !Object.hasOwn(actual, name))
  if (missing !== undefined) return `${place} should have ${show(missing)}, but it is missing`
  const added = names.find((name) => !Object.hasOwn(wanted, name))
  if (added !== undefined) return `${place} should not have ${show(added)}`
  for (const name of wantedNames) {
    const difference = jsonDifference(member(actual, name), member(wanted, name), `${place}[${show(name)}]`)
    if (difference !== undefined) return difference
  }
  return undefined
}

// Reads an own `__proto__` like any other member.
function member(structure: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(structure, name)?.value
}

function isStructure(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Shortens a value for a readable message. */
function show(value: unknown): string {
  return inspect(value, { depth: 1, maxStringLength: 60, breakLength: Number.POSITIVE_INFINITY })
}
