import { format, inspect } from 'node:util'

/** Returns the secrets that printing, logging or serialising a value reveals. */
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
