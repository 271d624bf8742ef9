import type { Credentials } from '@nightlatch/core'

/**
 * Credentials in two environment variables, such as `ACME_CLIENT_ID` and
 * `ACME_CLIENT_SECRET`.
 *
 * @param prefix `ACME`
 */
export function credentialsFromEnvironment(
  prefix: string,
  env: NodeJS.ProcessEnv = process.env,
): () => Credentials {
  const read = (name: string): string => {
    const value = env[name]?.trim()
    if (value === undefined || value === '')
      throw new Error(`Set ${name} to a value that is not empty`)
    return value
  }
  return () => ({
    clientId: read(`${prefix}_CLIENT_ID`),
    clientSecret: read(`${prefix}_CLIENT_SECRET`),
  })
}
