/**
 * A client of the package `redis`, version 5 or newer: `createClient`, `createClientPool`, `createCluster`,
 * `createSentinel`.
 */
export interface NodeRedisClient {
  /** `GET`: reads an entry. */
  get(key: string): Promise<unknown>
  /** `SET` with an expiry: writes an entry or a lock. */
  set(
    key: string,
    value: string,
    options: {
      readonly expiration: { readonly type: 'PX' | 'PXAT'; readonly value: number }
      readonly condition?: 'NX' | 'IFEQ'
      readonly matchValue?: string
    },
  ): Promise<unknown>
  /** `DEL`: deletes an entry. */
  del(key: string): Promise<unknown>
  /** `EVAL`: compares and deletes atomically. */
  eval(script: string, options: { readonly keys: string[]; readonly arguments: string[] }): Promise<unknown>
  /** Distinguishes the client from those of version 4, whose options differ. */
  withTypeMapping(mapping: never): unknown
}

/** A client of the package `ioredis`, version 5 or newer: `Redis`, `Cluster`. */
export interface IoredisClient {
  /** Sends any command. */
  call(command: string, ...parameters: string[]): Promise<unknown>
  /** Distinguishes the client from those of other packages. */
  defineCommand(name: string, definition: { readonly lua: string; readonly numberOfKeys?: number }): unknown
}

/** A client of `redis` or `ioredis`, connected to one server, to Sentinel or to a cluster. */
export type RedisClient = NodeRedisClient | IoredisClient

/** The commands that the store sends, for either package; replies are returned unchanged. */
export interface RedisCommands {
  get(key: string): Promise<unknown>
  /** @param milliseconds time to live */
  set(key: string, value: string, milliseconds: number): Promise<unknown>
  /** Resolves to `null` if the key exists already. */
  setIfAbsent(key: string, value: string, milliseconds: number): Promise<unknown>
  /**
   * Requires Redis 8.4 or Valkey 8.1: deletes a key by an expiry in the past. Resolves to `null` if it holds another value.
   */
  expireIfEqual(key: string, equal: string): Promise<unknown>
  delete(key: string): Promise<unknown>
  runScript(script: string, key: string, parameter: string): Promise<unknown>
}

/** @returns `undefined` if `client` is not a supported client */
export function toCommands(client: unknown): RedisCommands | undefined {
  if (has(client, 'withTypeMapping', 'get', 'set', 'del', 'eval')) return ofNodeRedis(client as NodeRedisClient)
  if (has(client, 'defineCommand', 'call')) return ofIoredis(client as IoredisClient)
  return undefined
}

function has(client: unknown, ...methods: readonly string[]): boolean {
  if (typeof client !== 'object' || client === null) return false
  return methods.every((method) => typeof (client as Record<string, unknown>)[method] === 'function')
}

// Typed commands, not raw ones, because they apply the client's key prefix and choose a cluster's slot.
function ofNodeRedis(client: NodeRedisClient): RedisCommands {
  const expiringIn = (value: number): { readonly expiration: { readonly type: 'PX'; readonly value: number } } => ({
    expiration: { type: 'PX', value },
  })
  return {
    get: (key) => client.get(key),
    set: (key, value, milliseconds) => client.set(key, value, expiringIn(milliseconds)),
    setIfAbsent: (key, value, milliseconds) => client.set(key, value, { ...expiringIn(milliseconds), condition: 'NX' }),
    expireIfEqual: (key, equal) =>
      client.set(key, '-', { expiration: { type: 'PXAT', value: 1 }, condition: 'IFEQ', matchValue: equal }),
    delete: (key) => client.del(key),
    runScript: (script, key, parameter) => client.eval(script, { keys: [key], arguments: [parameter] }),
  }
}

function ofIoredis(client: IoredisClient): RedisCommands {
  return {
    get: (key) => client.call('get', key),
    set: (key, value, milliseconds) => client.call('set', key, value, 'PX', String(milliseconds)),
    setIfAbsent: (key, value, milliseconds) => client.call('set', key, value, 'NX', 'PX', String(milliseconds)),
    expireIfEqual: (key, equal) => client.call('set', key, '-', 'IFEQ', equal, 'PXAT', '1'),
    delete: (key) => client.call('del', key),
    runScript: (script, key, parameter) => client.call('eval', script, '1', key, parameter),
  }
}

/** Decodes a reply; clients can be configured to return bytes. */
export function readText(reply: unknown): string | undefined {
  if (typeof reply === 'string') return reply
  return reply instanceof Uint8Array ? new TextDecoder().decode(reply) : undefined
}
