import { readFile } from 'node:fs/promises'
import type { Credentials } from '@nightlatch/core'

/** A private key in a file: a JWK with its `kid`, or PEM. */
export function credentialsFromKeyFile(
  clientId: string,
  path: string,
): () => Promise<Credentials> {
  return async () => ({
    clientId,
    privateKey: await readFile(path, 'utf8'),
  })
}
