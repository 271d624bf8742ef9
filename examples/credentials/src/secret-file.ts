import { readFile } from 'node:fs/promises'
import type { Credentials } from '@nightlatch/core'

/** A file that contains only the secret, as Kubernetes mounts it. */
export function credentialsFromFile(
  clientId: string,
  path: string,
): () => Promise<Credentials> {
  return async () => {
    const clientSecret = (await readFile(path, 'utf8')).trim()
    if (clientSecret === '')
      throw new Error(`${path} is empty; it should hold the client secret`)
    return { clientId, clientSecret }
  }
}
