import type { Credentials } from '@nightlatch/core'

/**
 * Credentials in two variables of the environment, as `ACME_CLIENT_ID` and `ACME_CLIENT_SECRET`. What a process has there stays
 * as it was at its start, unless the process changes it: a rotation needs a restart, or a file.
 *
 * @param prefix `ACME`
 */
export function credentialsFromEnvironment(prefix: string, env: NodeJS.ProcessEnv = process.env): () => Credentials {
  const read = (name: string): string => {
    const value = env[name]?.trim()
    if (value === undefined || value === '') throw new Error(`Set ${name} to a value that is not empty`)
    return value
  }
  return () => ({ clientId: read(`${prefix}_CLIENT_ID`), clientSecret: read(`${prefix}_CLIENT_SECRET`) })
}
