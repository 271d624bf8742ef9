import {
  areEqualTokens,
  findUnknownOptions,
  NightlatchError,
  type StoredToken,
  type StoreLock,
  type TokenStore,
} from '@nightlatch/core'
import { compareAndDeleteBy, isDone } from './compare-and-delete.ts'
import { type EncryptionKeys, findMistakesInKeys, readKeys } from './encryption-keys.ts'
import { type RedisClient, type RedisCommands, readText, toCommands } from './redis-client.ts'
import { isWrongType, redisFailure } from './redis-failure.ts'
import { openEntry, sealEntry } from './sealed-entry.ts'

/** Options of `redisStore`. */
export interface RedisStoreOptions {
  /** A connected client of `redis` (5 or newer) or `ioredis` (5 or newer); the store opens no connection of its own. */
  readonly client: RedisClient
  /**
   * Prefix of every key, so that an ACL can name them; without braces, because they would change a key's cluster slot.
   * Default `'nightlatch:'`.
   */
  readonly prefix?: string
  /**
   * AES-256-GCM keys (WebCrypto): the first encrypts, all decrypt. A function is called for every operation, so that keys can
   * rotate without a restart.
   */
  readonly encryptionKeys: EncryptionKeys
  /** Returns milliseconds since the epoch, for tests. Default `Date.now`. */
  readonly now?: () => number
}

/** A delete starts again at most this often if another process changes the entry meanwhile. */
const maxDeleteAttempts = 3

/**
 * Creates a token store that processes and machines share, over Redis 6 or newer, or Valkey.
 *
 * Entries are encrypted and bound to their key: an entry moved under another key does not decrypt. Operations fail with an
 * `Error` that names the operation and the server's error code, never the command's arguments.
 *
 * @param options the client and the encryption keys; optionally a key prefix
 * @returns a store to pass as `ClientOptions.store`
 * @throws NightlatchError `invalid_options` for an invalid option, naming it
 * @example
 * ```ts
 * import { redisStore } from '@nightlatch/redis'
 * import { createClient } from 'redis'
 *
 * const key = Buffer.from(process.env.TOKEN_KEY ?? '', 'base64')
 * const store = redisStore({
 *   client: await createClient({ url: 'rediss://redis.acme.example' }).connect(),
 *   encryptionKeys: [await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt'])],
 * })
 * ```
 */
export function redisStore(options: RedisStoreOptions): TokenStore {
  const { commands, prefix, now, ...rest } = checkOptions(options)
  const encryptionKeys = typeof rest.encryptionKeys === 'function' ? rest.encryptionKeys : [...rest.encryptionKeys]
  const compareAndDelete = compareAndDeleteBy(commands)

  // The braces are a hash tag: they keep what the store has for a key, its lock too, in one slot of a cluster.
  const redisKeyOf = (key: string): string => `${prefix}{${encodeURIComponent(key)}}`

  const read = async (redisKey: string): Promise<{ text: string; token: StoredToken } | undefined> => {
    const text = readText(await commands.get(redisKey).catch(missIfWrongType))
    if (text === undefined) return undefined
    const token = await openEntry(text, redisKey, await readKeys(encryptionKeys))
    return token === undefined || token.expiresAt <= now() ? undefined : { text, token }
  }

  return {
    get: (key) => attempt('get', async () => (await read(redisKeyOf(key)))?.token),

    set: (key, token) =>
      attempt('set', async () => {
        const redisKey = redisKeyOf(key)
        const left = Math.ceil(token.expiresAt - now())
        if (left > 0) {
          const [encryptionKey] = await readKeys(encryptionKeys)
          const sealed = await sealEntry(token, redisKey, encryptionKey)
          // A time to live does not depend on the server's clock; the entry itself holds the instant.
          await commands.set(redisKey, sealed, Math.min(left, maxLifetimeMs))
        } else {
          await commands.delete(redisKey)
        }
      }),

    delete: (key, token) =>
      attempt('delete', async () => {
        const redisKey = redisKeyOf(key)
        if (token === undefined) {
          await commands.delete(redisKey)
          return
        }
        for (let attempts = 0; attempts < maxDeleteAttempts; attempts += 1) {
          const stored = await read(redisKey)
          if (stored === undefined || !areEqualTokens(stored.token, token)) return
          // Without an atomic way another process's new entry may be deleted too, which costs one grant.
          if (await compareAndDelete(redisKey, stored.text, () => true)) return
        }
      }),

    lock: (key, { ttl }) =>
      attempt('lock', async (): Promise<StoreLock | undefined> => {
        const redisKey = `${redisKeyOf(key)}:lock`
        const owner = crypto.randomUUID()
        const milliseconds = Math.ceil(ttl * 1000)
        const elapsed = stopwatch(now)
        const isTaken = isDone(await commands.setIfAbsent(redisKey, owner, milliseconds))
        // A client that reconnects sends a command again, so the lock that it finds may be its own.
        if (!isTaken && readText(await commands.get(redisKey)) !== owner) return undefined
        // Without an atomic way the lock is deleted only while it cannot have expired and been taken by another process.
        const isSafe = (): boolean => elapsed() < milliseconds / 2
        return {
          release: () => attempt('release', async () => void (await compareAndDelete(redisKey, owner, isSafe))),
        }
      }),
  }
}

/** Ten years: longer than any token lives, and within the servers' limit. */
const maxLifetimeMs = 315_360_000_000

/** Replaces a client's error, which may quote secrets. */
async function attempt<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (failure) {
    throw failure instanceof NightlatchError ? failure : redisFailure(operation, failure)
  }
}

function missIfWrongType(failure: unknown): undefined {
  if (!isWrongType(failure)) throw failure
}

/**
 * Measures elapsed milliseconds by the clock that advanced more: one stops while a machine sleeps, the other may be set
 * back.
 */
function stopwatch(now: () => number): () => number {
  const started = { steady: performance.now(), wall: now() }
  return () => Math.max(performance.now() - started.steady, now() - started.wall)
}

interface CheckedOptions extends Required<Omit<RedisStoreOptions, 'client'>> {
  readonly commands: RedisCommands
}

function checkOptions(options: RedisStoreOptions): CheckedOptions {
  if (typeof options !== 'object' || options === null) {
    throw new NightlatchError('invalid_options', 'redisStore: options must be an object')
  }
  const { client, prefix = 'nightlatch:', encryptionKeys, now = Date.now } = options
  const commands = toCommands(client)
  const mistakes = [
    ...(commands === undefined
      ? ['client must be a connected client of the package redis (5 or newer) or ioredis (5 or newer)']
      : []),
    ...(typeof prefix === 'string' && /^[^{}]+$/.test(prefix)
      ? []
      : ['prefix must be a string of at least one character, without braces']),
    ...(typeof encryptionKeys === 'function' ? [] : findMistakesInKeys(encryptionKeys)),
    ...(typeof now === 'function' ? [] : ['now must be a function']),
    ...findUnknownOptions(options, ['client', 'prefix', 'encryptionKeys', 'now']),
  ]
  if (commands === undefined || mistakes.length > 0) {
    throw new NightlatchError('invalid_options', `redisStore: ${mistakes.join('; ')}`)
  }
  return { commands, prefix, encryptionKeys, now }
}
