/** An in-memory client like that of `ioredis`, with the commands that `redisStore` sends; it runs on every runtime. */
import type { IoredisClient } from '@nightlatch/redis'

export class MemoryRedis implements IoredisClient {
  /** The entries by their Redis keys, for tests to read and change. */
  readonly entries: Map<string, string> = new Map()
  readonly #expiries = new Map<string, number>()

  defineCommand(): never {
    throw new Error('not supported')
  }

  async call(command: string, ...parameters: string[]): Promise<unknown> {
    const [first = '', second = '', ...rest] = parameters
    switch (command) {
      case 'get':
        return this.#read(first)
      case 'set':
        return this.#write(first, second, rest)
      case 'del':
        return this.entries.delete(first) ? 1 : 0
      case 'eval': {
        // The store's only script deletes a key if it holds a value.
        const [key = '', value] = rest
        return second === '1' && this.#read(key) === value && this.entries.delete(key) ? 1 : 0
      }
      default:
        throw new Error(`ERR unknown command '${command}'`)
    }
  }

  #read(key: string): string | null {
    if ((this.#expiries.get(key) ?? Number.POSITIVE_INFINITY) <= Date.now()) this.entries.delete(key)
    return this.entries.get(key) ?? null
  }

  #write(key: string, value: string, settings: readonly string[]): 'OK' | null {
    if (settings.includes('NX') && this.#read(key) !== null) return null
    this.entries.set(key, value)
    this.#expiries.set(key, Date.now() + Number(settings[settings.indexOf('PX') + 1]))
    return 'OK'
  }
}
