import { env } from 'node:process'

/** The environment variables of this program, which secrets may be read from. */
export function readEnvironment(): Readonly<Record<string, string | undefined>> {
  return env
}
