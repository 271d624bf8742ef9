/** A Redis without a server: what `redisStore` asks of a client of the package `ioredis`, over a map. Nothing here but what every runtime has. */
import type { IoredisClient } from '@nightlatch/redis'

export class MemoryRedis implements IoredisClient {
  /** What is kept, by its whole key: to be looked at, altered and moved. */
  readonly entries: Map<string, string> = new Map()
  readonly #ends = new Map<string, number>()

  defineCommand(): never {
    throw new Error('nobody asks for that')
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
        // The one script there is: it deletes a key if it holds a value.
        const [key = '', value] = rest
        return second === '1' && this.#read(key) === value && this.entries.delete(key) ? 1 : 0
      }
      default:
        throw new Error(`ERR unknown command '${command}'`)
    }
  }

  #read(key: string): string | null {
    if ((this.#ends.get(key) ?? Number.POSITIVE_INFINITY) <= Date.now()) this.entries.delete(key)
    return this.entries.get(key) ?? null
  }

  #write(key: string, value: string, settings: readonly string[]): 'OK' | null {
    if (settings.includes('NX') && this.#read(key) !== null) return null
    this.entries.set(key, value)
    this.#ends.set(key, Date.now() + Number(settings[settings.indexOf('PX') + 1]))
    return 'OK'
  }
}
