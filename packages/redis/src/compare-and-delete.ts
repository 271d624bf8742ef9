import { type RedisCommands, readText } from './redis-client.ts'
import { isCommandRefused } from './redis-failure.ts'

const script = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"

/**
 * Deletes a key if it still holds a value.
 *
 * @param isSafe called only if the server supports no atomic way: whether no other process can have written the key meanwhile
 * @returns whether the key was deleted
 */
export type CompareAndDelete = (key: string, value: string, isSafe: () => boolean) => Promise<boolean>

/**
 * Chooses between three ways, best first. A server's version or ACL rejects a way for all keys, so the first that works is
 * kept:
 *
 * - a script: atomic, on every server that lets the user run scripts
 * - `SET` with `IFEQ` and an expiry in the past: atomic, on Redis 8.4 and Valkey 8.1
 * - `GET`, then `DEL`: another process may write in between
 */
export function compareAndDeleteBy(commands: RedisCommands): CompareAndDelete {
  const ways: readonly CompareAndDelete[] = [
    async (key, value) => Number(await commands.runScript(script, key, value)) === 1,
    async (key, value) => isDone(await commands.expireIfEqual(key, value)),
    async (key, value, isSafe) => {
      if (!isSafe() || readText(await commands.get(key)) !== value || !isSafe()) return false
      return Number(await commands.delete(key)) === 1
    },
  ]
  let best = 0
  return async (key, value, isSafe) => {
    for (let way = best; ; way += 1) {
      const attempt = ways[way] as CompareAndDelete
      try {
        const done = await attempt(key, value, isSafe)
        best = way
        return done
      } catch (failure) {
        if (way === ways.length - 1 || !isCommandRefused(failure)) throw failure
      }
    }
  }
}

/** Whether a conditional `SET` wrote the key: the reply is `OK`, otherwise null. */
export function isDone(reply: unknown): boolean {
  return reply !== null && reply !== undefined
}
