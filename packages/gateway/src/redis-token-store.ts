import { NightlatchError, type TokenStore } from '@nightlatch/core'
import { redisStore } from '@nightlatch/redis'
import { createClient } from '@redis/client'
import type { ValidStore } from './valid-configuration.ts'

/** A store that gateways share, and how to leave it. */
export interface OpenStore {
  readonly store: TokenStore
  readonly close: () => void
}

/**
 * Opens the store. It need not be there: clients go on without it, and the connection is made again in the background.
 *
 * @throws NightlatchError `invalid_options` for a URL or a key that is invalid
 */
export async function openStore(config: ValidStore): Promise<OpenStore> {
  if (config.kind === 'store') return { store: config.store, close: () => {} }
  const { url, prefix, readEncryptionKeys } = config
  const keys = new Map<string, Promise<CryptoKey>>()
  const encryptionKeys = async (): Promise<readonly CryptoKey[]> =>
    Promise.all(
      (await readEncryptionKeys()).map((text) => {
        const known = keys.get(text)
        if (known !== undefined) return known
        const bytes = Buffer.from(text, 'base64url')
        const key = crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
        keys.set(text, key)
        return key
      }),
    )
  try {
    await encryptionKeys()
  } catch (failure) {
    if (failure instanceof NightlatchError) throw failure
    throw new NightlatchError('invalid_options', 'store.encryptionKeys: each must be 32 bytes as base64url')
  }
  const client = createRedisClient(url)
  // Without a listener an error would end the process; the core reports a failed store by its events.
  client.on('error', () => {})
  void client.connect().catch(() => {})
  return {
    store: redisStore({ client, encryptionKeys, ...(prefix !== undefined && { prefix }) }),
    close: () => client.destroy(),
  }
}

function createRedisClient(url: string): ReturnType<typeof createClient> {
  try {
    return createClient({
      url,
      // A command fails at once while there is no connection.
      disableOfflineQueue: true,
      socket: { connectTimeout: 2000, reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 2000) },
    })
  } catch {
    // Its message may quote the URL, which may hold a password.
    throw new NightlatchError('invalid_options', 'store.redis must be a URL such as redis://127.0.0.1:6379')
  }
}
