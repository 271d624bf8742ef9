import {
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

/** Where the tokens are kept, and how. */
export interface RedisStoreOptions {
  /** A connected client of `redis` (5 or newer) or `ioredis` (5 or newer); no connection is opened besides. */
  readonly client: RedisClient
  /** Every key begins with it, so that an ACL can name it; no braces, for they would change a key's slot. Default `'nightlatch:'`. */
  readonly prefix?: string
  /**
   * AES-256-GCM, by WebCrypto; the first encrypts, all decrypt. A function is asked with every operation, so that keys rotate
   * without a restart.
   */
  readonly encryptionKeys: EncryptionKeys
  /** Milliseconds since the epoch; default `Date.now`, for tests. */
  readonly now?: () => number
}

/** How often a delete begins anew when the entry changes under its hands. */
const mostChanges = 3

/**
 * A token store shared by processes and machines, over Redis 6 or newer, or Valkey. What is kept is encrypted, and opens under
 * its own key alone.
 *
 * Its operations fail with an `Error` that names the operation and the server's error code, and nothing of the command.
 *
 * @param options the client, the keys to encrypt with, and what departs from the defaults
 * @returns what `ClientOptions.store` takes
 * @throws NightlatchError `invalid_options`
 */
export function redisStore(options: RedisStoreOptions): TokenStore {
  const { commands, prefix, now, ...rest } = checkOptions(options)
  const encryptionKeys = typeof rest.encryptionKeys === 'function' ? rest.encryptionKeys : [...rest.encryptionKeys]
  const compareAndDelete = compareAndDeleteBy(commands)

  // The braces are a hash tag: what belongs to one entry is in one slot of a cluster. A key of a client needs no escape.
  const placeOf = (key: string): string => `${prefix}{${encodeURIComponent(key)}}`

  const read = async (place: string): Promise<{ text: string; token: StoredToken } | undefined> => {
    const text = readText(await commands.get(place).catch(missIfWrongType))
    if (text === undefined) return undefined
    const token = await openEntry(text, place, await readKeys(encryptionKeys))
    return token === undefined || token.expiresAt <= now() ? undefined : { text, token }
  }

  return {
    get: (key) => attempt('get', async () => (await read(placeOf(key)))?.token),

    set: (key, token) =>
      attempt('set', async () => {
        const place = placeOf(key)
        const left = Math.ceil(token.expiresAt - now())
        if (left > 0) {
          const [encryptionKey] = await readKeys(encryptionKeys)
          const sealed = await sealEntry(token, place, encryptionKey)
          // A time to live is what the server is told, whose clock may differ; the instant is inside.
          await commands.set(place, sealed, Math.min(left, longestLife))
        } else {
          await commands.delete(place)
        }
      }),

    delete: (key, token) =>
      attempt('delete', async () => {
        const place = placeOf(key)
        if (token === undefined) {
          await commands.delete(place)
          return
        }
        for (let change = 0; change < mostChanges; change += 1) {
          const stored = await read(place)
          if (stored === undefined || !isEqual(stored.token, token)) return
          // Where it cannot be done at once, an entry that another wrote just now may go with it: that costs a grant, no more.
          if (await compareAndDelete(place, stored.text, () => true)) return
        }
      }),

    lock: (key, { ttl }) =>
      attempt('lock', async (): Promise<StoreLock | undefined> => {
        const place = `${placeOf(key)}:lock`
        const owner = crypto.randomUUID()
        const milliseconds = Math.ceil(ttl * 1000)
        const elapsed = stopwatch(now)
        const isTaken = isDone(await commands.setIfAbsent(place, owner, milliseconds))
        // A client that lost its connection sends commands again, and then finds what it wrote the first time.
        if (!isTaken && readText(await commands.get(place)) !== owner) return undefined
        // Where it cannot be done at once, it is done only while the lock cannot have become another's by the time it arrives.
        const isSafe = (): boolean => elapsed() < milliseconds / 2
        return {
          release: () => attempt('release', async () => void (await compareAndDelete(place, owner, isSafe))),
        }
      }),
  }
}

/** Milliseconds: ten years, beyond what any token lives, and within what servers take. */
const longestLife = 315_360_000_000

/** An error that is not ours is a client's, and says too much. */
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

/** Milliseconds since it was made, by whichever clock says more: one stands still while a machine sleeps, the other may be set back. */
function stopwatch(now: () => number): () => number {
  const started = { steady: performance.now(), wall: now() }
  return () => Math.max(performance.now() - started.steady, now() - started.wall)
}

/** Deep equality of JSON, whatever the order of members. */
function isEqual(a: StoredToken, b: StoredToken): boolean {
  return inOrder(a) === inOrder(b)
}

function inOrder(token: StoredToken): string {
  return JSON.stringify(token, (_name, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
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
      ? ['client must be a client of the package redis (5 or newer) or ioredis (5 or newer)']
      : []),
    ...(typeof prefix === 'string' && /^[^{}]+$/.test(prefix)
      ? []
      : ['prefix must be a string of one character or more, without braces']),
    ...(typeof encryptionKeys === 'function' ? [] : findMistakesInKeys(encryptionKeys)),
    ...(typeof now === 'function' ? [] : ['now must be a function']),
    ...findUnknownOptions(options, ['client', 'prefix', 'encryptionKeys', 'now']),
  ]
  if (commands === undefined || mistakes.length > 0) {
    throw new NightlatchError('invalid_options', `redisStore: ${mistakes.join('; ')}`)
  }
  return { commands, prefix, encryptionKeys, now }
}
