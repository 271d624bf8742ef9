import { readFile } from 'node:fs/promises'
import type { Credentials } from '@nightlatch/core'

/** A file such as `{"clientId": "...", "clientSecret": "..."}`. */
export function credentialsFromJsonFile(
  path: string,
): () => Promise<Credentials> {
  return async () => {
    const { clientId, clientSecret } = parse(
      await readFile(path, 'utf8'),
      path,
    )
    return { clientId, clientSecret } as Credentials
  }
}

/** The error of `JSON.parse` would quote the secret. */
function parse(text: string, path: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(text) }
  } catch {
    throw new Error(
      `${path} holds no JSON. To replace it, rename a complete file to it`,
    )
  }
}
