import { type RedisCommands, readText } from './redis-client.ts'
import { isCommandRefused } from './redis-failure.ts'

const script = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"

/**
 * Deletes a key if it still holds a value.
 *
 * @param isSafe asked only where it cannot be done at once: whether nobody else can have written the key meanwhile
 * @returns whether it held the value
 */
export type CompareAndDelete = (key: string, value: string, isSafe: () => boolean) => Promise<boolean>

/**
 * Three ways, from the best to the last resort. A server refuses one for all keys alike (its version, the user's ACL), so the
 * next that works is kept:
 *
 * - a script: at once, on every server that lets the user have scripts;
 * - `SET` with `IFEQ`, of what is expired already: at once, on Redis 8.4 and Valkey 8.1;
 * - `GET`, then `DEL`: something else may be written in between.
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

/** Whether a conditional `SET` set anything: the reply is `OK`, else null. */
export function isDone(reply: unknown): boolean {
  return reply !== null && reply !== undefined
}
