import { env } from 'node:process'
import { NightlatchError } from '@nightlatch/core'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads a variable at the time of the call.
 *
 * @param environment default: this process's
 */
export function findVariable(name: string, environment: Environment = env): string | undefined {
  const value = environment[name]?.trim()
  return value === '' ? undefined : value
}

/**
 * Reads a variable that must be set.
 *
 * @param wayOut what to do if it is not: a sentence
 * @throws NightlatchError `invalid_options`
 */
export function requireVariable(name: string, environment: Environment | undefined, wayOut: string): string {
  const value = findVariable(name, environment)
  if (value !== undefined) return value
  throw new NightlatchError('invalid_options', `The environment variable ${name} is not set. ${wayOut}`)
}
