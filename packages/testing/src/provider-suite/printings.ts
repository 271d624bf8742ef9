import { format, inspect } from 'node:util'

/** The secrets that some printing, logging or serialising of a value gives away. */
export function findLeaks(value: unknown, secrets: readonly string[]): readonly string[] {
  const printed = printingsOf(value)
  return secrets.filter((secret) => printed.includes(secret))
}

function printingsOf(value: unknown): string {
  const deep = { depth: 8, maxStringLength: null, maxArrayLength: null } as const
  const printings = [
    String(value),
    JSON.stringify({ nested: [value] }) ?? '',
    inspect(value, deep),
    inspect({ nested: [value] }, { ...deep, showHidden: true, customInspect: false }),
    format('%s %o %j', value, value, value),
  ]
  if (value instanceof Error) printings.push(value.message, value.stack ?? '', printingsOf(value.cause))
  return printings.join('\n')
}
