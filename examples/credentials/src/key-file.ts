import { readFile } from 'node:fs/promises'
import { type Credentials, importPrivateKey } from '@nightlatch/core'

/** A private key in a file, as a JWK with its `kid`: key and name change together. Read when first needed, and after a refusal. */
export function credentialsFromKeyFile(clientId: string, path: string): () => Promise<Credentials> {
  let last: { readonly text: string; readonly credentials: Credentials } | undefined
  return async () => {
    const text = await readFile(path, 'utf8')
    // A key imported twice is two objects. The same one says that nothing has changed, and no grant is tried again with it.
    if (last?.text === text) return last.credentials
    const privateKey = await importPrivateKey(text)
    const { kid: keyId } = JSON.parse(text)
    const credentials = { clientId, privateKey, ...(keyId === undefined ? {} : { keyId }) }
    last = { text, credentials }
    return credentials
  }
}
