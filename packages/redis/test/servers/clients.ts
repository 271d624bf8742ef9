import { Redis } from 'ioredis'
import { createClient } from 'redis'
import type { RedisClient } from '../../src/redis-client.ts'
import type { Server } from './server.ts'

export interface Connected extends AsyncDisposable {
  readonly client: RedisClient
  /** Any command, as it is. */
  send(command: string, ...parameters: string[]): Promise<unknown>
}

interface ClientOptions {
  readonly username?: string
  readonly password?: string
  readonly keyPrefix?: string
  /** Does not try again when it cannot connect. */
  readonly giveUp?: boolean
}

export type PackageName = 'redis' | 'ioredis'

export const packageNames: readonly PackageName[] = ['redis', 'ioredis']

/** Connects a client of either package, as a user would. */
export async function connect(
  name: PackageName,
  { port, password, certificate }: Pick<Server, 'port' | 'password' | 'certificate'>,
  options: ClientOptions = {},
): Promise<Connected> {
  const { username = 'default' } = options
  const credentials = { username, password: options.password ?? password }
  return name === 'redis'
    ? await connectRedis(port, credentials, certificate)
    : await connectIoredis(port, credentials, certificate, options)
}

interface Login {
  readonly username: string
  readonly password: string
}

async function connectRedis(port: number, login: Login, certificate: string | undefined): Promise<Connected> {
  const socket = { host: '127.0.0.1', port, reconnectStrategy: 50 }
  const client = createClient({
    ...login,
    socket: certificate === undefined ? socket : { ...socket, tls: true, ca: certificate },
  })
  client.on('error', () => {})
  await client.connect()
  return {
    client,
    send: (...command) => client.sendCommand(command),
    [Symbol.asyncDispose]: async () => client.destroy(),
  }
}

async function connectIoredis(
  port: number,
  login: Login,
  certificate: string | undefined,
  { keyPrefix = '', giveUp = false }: ClientOptions,
): Promise<Connected> {
  const client = new Redis({
    ...login,
    host: '127.0.0.1',
    port,
    keyPrefix,
    lazyConnect: true,
    retryStrategy: () => (giveUp ? null : 50),
    ...(certificate === undefined ? {} : { tls: { ca: certificate } }),
  })
  client.on('error', () => {})
  await client.connect()
  return {
    client,
    send: (command, ...parameters) => client.call(command, ...parameters),
    [Symbol.asyncDispose]: async () => client.disconnect(),
  }
}
