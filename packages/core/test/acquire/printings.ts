import { format, inspect } from 'node:util'

/** Every text that printing, logging or serialising a value may make of it, and of all that hangs on it. */
function printingsOf(value: unknown): string {
  const deep = { depth: Number.POSITIVE_INFINITY, maxStringLength: null, maxArrayLength: null } as const
  const printings = [
    String(value),
    `${JSON.stringify(value)}`,
    JSON.stringify({ nested: [value] }),
    inspect(value, deep),
    inspect(value, { ...deep, showHidden: true }),
    inspect(value, { ...deep, showHidden: true, customInspect: false }),
    inspect({ nested: [value] }, { ...deep, showHidden: true, customInspect: false }),
    format('%s %o %O %j %d', value, value, value, value, value),
  ]
  if (value instanceof Error) {
    printings.push(value.name, value.message, value.stack ?? '', printingsOf(value.cause))
    printings.push(...(value instanceof AggregateError ? value.errors.map(printingsOf) : []))
  }
  if (typeof value === 'object' && value !== null) {
    const own = Object.fromEntries(Reflect.ownKeys(value).map((key) => [String(key), Reflect.get(value, key)]))
    printings.push(
      inspect(own, { ...deep, showHidden: true }),
      JSON.stringify({ ...value }),
      inspect(Object.entries(value), deep),
    )
  }
  return printings.join('\n')
}

/** The secrets that some printing of a value gives away; none, it is to be hoped. */
export function findLeaks(value: unknown, secrets: readonly string[]): readonly string[] {
  const printed = printingsOf(value)
  return secrets.filter((secret) => printed.includes(secret))
}
