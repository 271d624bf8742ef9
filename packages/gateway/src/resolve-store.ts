import type { GatewayConfiguration, RedisConfiguration } from './configuration.ts'
import { messageOf, type Resolution, readSecret } from './secret-reference.ts'
import type { ValidStore } from './valid-configuration.ts'

/** @returns `undefined` if the store's URL or a key has a mistake, which is reported */
export async function resolveStore(
  store: NonNullable<GatewayConfiguration['store']>,
  { report, environment }: Resolution,
): Promise<ValidStore | undefined> {
  if (!('redis' in store)) return { kind: 'store', store }
  const { redis, prefix, encryptionKeys }: RedisConfiguration = store
  const readEncryptionKeys = async (): Promise<readonly string[]> => {
    const keys = encryptionKeys.map((key, at) => readSecret(key, `store.encryptionKeys[${at}]`, environment))
    return await Promise.all(keys)
  }
  try {
    const url = await readSecret(redis, 'store.redis', environment)
    if (!/^rediss?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
      report('store.redis', 'store.redis must be a URL that starts with redis:// or rediss://')
      return undefined
    }
    for (const [at, key] of (await readEncryptionKeys()).entries()) {
      if (Buffer.from(key, 'base64url').byteLength === 32) continue
      const path = `store.encryptionKeys[${at}]`
      report(path, `${path} must be 32 bytes in base64 or base64url. Make one: openssl rand -base64 32`)
    }
    return { kind: 'redis', url, prefix, readEncryptionKeys, source: store }
  } catch (failure) {
    report('store', messageOf(failure))
    return undefined
  }
}
