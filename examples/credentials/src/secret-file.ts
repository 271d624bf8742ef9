import { readFile } from 'node:fs/promises'
import type { Credentials } from '@nightlatch/core'

/** A secret that is all there is in a file, as Kubernetes and Docker mount them. Read when first needed, and after a refusal. */
export function credentialsFromFile(clientId: string, path: string): () => Promise<Credentials> {
  return async () => {
    const clientSecret = (await readFile(path, 'utf8')).trim()
    if (clientSecret === '') throw new Error(`${path} is empty; it should hold the client secret`)
    return { clientId, clientSecret }
  }
}
