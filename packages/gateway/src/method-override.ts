import type { IncomingMessage } from 'node:http'

/** Headers by which some APIs take another method than the request has. */
const overrides = ['x-http-method-override', 'x-http-method', 'x-method-override'] as const

/** The methods that a request's headers name in place of its own, in upper case; `undefined` if there are none. */
export function findMethodOverrides({ headers }: IncomingMessage): readonly string[] | undefined {
  let found: string[] | undefined
  for (const name of overrides) {
    const method = headers[name]
    if (method !== undefined) found = [...(found ?? []), String(method).trim().toUpperCase()]
  }
  return found
}
