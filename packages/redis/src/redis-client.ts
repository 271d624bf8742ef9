/** What is asked of a client of the package `redis`, version 5 or newer: `createClient`, `createClientPool`, `createCluster`, `createSentinel`. */
export interface NodeRedisClient {
  /** `GET`: an entry. */
  get(key: string): Promise<unknown>
  /** `SET` with an end: an entry, or a lock. */
  set(
    key: string,
    value: string,
    options: {
      readonly expiration: { readonly type: 'PX' | 'PXAT'; readonly value: number }
      readonly condition?: 'NX' | 'IFEQ'
      readonly matchValue?: string
    },
  ): Promise<unknown>
  /** `DEL`: an entry. */
  del(key: string): Promise<unknown>
  /** `EVAL`: compares and deletes in one step. */
  eval(script: string, options: { readonly keys: string[]; readonly arguments: string[] }): Promise<unknown>
  /** Tells it from clients of version 4, which take other options. */
  withTypeMapping(mapping: never): unknown
}

/** What is asked of a client of the package `ioredis`, version 5 or newer: `Redis`, `Cluster`. */
export interface IoredisClient {
  /** Any of the commands. */
  call(command: string, ...parameters: string[]): Promise<unknown>
  /** Tells it from clients of other packages. */
  defineCommand(name: string, definition: { readonly lua: string; readonly numberOfKeys?: number }): unknown
}

/** A client of `redis` or `ioredis`, connected to one server, to a Sentinel's or to a cluster. */
export type RedisClient = NodeRedisClient | IoredisClient

/** The commands that the store needs, whichever package sends them. Replies come as the client gives them. */
export interface RedisCommands {
  get(key: string): Promise<unknown>
  /** @param milliseconds until the server forgets it */
  set(key: string, value: string, milliseconds: number): Promise<unknown>
  /** `null`: something is stored there already. */
  setIfAbsent(key: string, value: string, milliseconds: number): Promise<unknown>
  /** Redis 8.4, Valkey 8.1: writes what is expired already, which is gone at once. `null`: something else is stored there. */
  expireIfEqual(key: string, equal: string): Promise<unknown>
  delete(key: string): Promise<unknown>
  runScript(script: string, key: string, parameter: string): Promise<unknown>
}

/** @returns `undefined` for what is no such client */
export function toCommands(client: unknown): RedisCommands | undefined {
  if (has(client, 'withTypeMapping', 'get', 'set', 'del', 'eval')) return ofNodeRedis(client as NodeRedisClient)
  if (has(client, 'defineCommand', 'call')) return ofIoredis(client as IoredisClient)
  return undefined
}

function has(client: unknown, ...methods: readonly string[]): boolean {
  if (typeof client !== 'object' || client === null) return false
  return methods.every((method) => typeof (client as Record<string, unknown>)[method] === 'function')
}

// Named commands, never raw ones: they know which argument is the key, for a cluster's slot and for a key prefix of the client.
function ofNodeRedis(client: NodeRedisClient): RedisCommands {
  const lasting = (value: number): { readonly expiration: { readonly type: 'PX'; readonly value: number } } => ({
    expiration: { type: 'PX', value },
  })
  return {
    get: (key) => client.get(key),
    set: (key, value, milliseconds) => client.set(key, value, lasting(milliseconds)),
    setIfAbsent: (key, value, milliseconds) => client.set(key, value, { ...lasting(milliseconds), condition: 'NX' }),
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

/** A reply as text; clients may be told to answer with bytes. */
export function readText(reply: unknown): string | undefined {
  if (typeof reply === 'string') return reply
  return reply instanceof Uint8Array ? new TextDecoder().decode(reply) : undefined
}
