import { readFile } from 'node:fs/promises'
import type { Credentials } from '@nightlatch/core'

/** Credentials in a file like `{"clientId": "...", "clientSecret": "..."}`. Read when first needed, and after a refusal. */
export function credentialsFromJsonFile(path: string): () => Promise<Credentials> {
  return async () => {
    const { clientId, clientSecret } = parse(await readFile(path, 'utf8'), path)
    return { clientId, clientSecret } as Credentials
  }
}

/** The error of `JSON.parse` quotes what it could not read, and that is a secret. */
function parse(text: string, path: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(text) }
  } catch {
    throw new Error(`${path} holds no JSON; is somebody writing it? Write another file, and rename it to this one`)
  }
}
