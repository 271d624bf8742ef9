import { readFile } from 'node:fs/promises'
import type { Credentials } from '@nightlatch/core'

/** A private key in a file, as a JWK with its `kid`: key and name change together. Read when first needed, and after a rejection. */
export function credentialsFromKeyFile(clientId: string, path: string): () => Promise<Credentials> {
  return async () => ({ clientId, privateKey: await readFile(path, 'utf8') })
}
