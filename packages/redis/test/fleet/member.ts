/** One process of a fleet: a client over a store, which requests a token for each message it gets. */
import { type Client, createClient } from '@nightlatch/core'
import { type RedisClient, redisStore } from '../../src/index.ts'
import type { Order, Report, Setting } from './messages.ts'

let events: Record<string, number> = {}
let client: Client | undefined
/** Milliseconds. */
let ahead = 0
const now = (): number => Date.now() + ahead

process.on('message', async (order: Order) => {
  if (order.type === 'begin') client = await begin(order.setting)
  if (order.type === 'advance') ahead += order.seconds * 1000
  const done = order.type === 'call' ? await call(order.callers, order.scope) : await call(0, '')
  const report: Report = { id: order.id, ...done }
  process.send?.(report)
})

// The process that sends the messages is gone.
process.on('disconnect', () => process.exit())

async function begin(setting: Setting): Promise<Client> {
  await client?.close()
  events = {}
  const { tokenEndpoint, timeout, member } = setting
  const encryptionKeys = await Promise.all(
    setting.encryptionKeys.map((key) =>
      crypto.subtle.importKey('raw', Buffer.from(key, 'base64'), 'AES-GCM', false, ['encrypt', 'decrypt']),
    ),
  )
  return createClient(
    { name: 'fleet', tokenEndpoint },
    {
      credentials: { clientId: 'fleet', clientSecret: 'secret' },
      store: redisStore({ client: await connect(setting), encryptionKeys, now }),
      now,
      timeout,
      fetch: (input, init) => {
        const headers = new Headers(init?.headers)
        headers.set('x-member', String(member))
        return fetch(input, { ...init, headers })
      },
      onEvent: ({ type }) => {
        events[type] = (events[type] ?? 0) + 1
      },
    },
  )
}

/** As the packages do by default; only the one that is needed is loaded. */
async function connect({ packageName, port, password, certificate, isCluster }: Setting): Promise<RedisClient> {
  const address = { host: '127.0.0.1', port }
  if (packageName === 'ioredis') {
    const { Cluster, Redis } = await import('ioredis')
    const tls = certificate === undefined ? {} : { tls: { ca: certificate } }
    const redis = isCluster
      ? new Cluster([address], { redisOptions: { password } })
      : new Redis({ ...address, password, ...tls })
    redis.on('error', () => {})
    return redis
  }
  const { createClient: createRedisClient, createCluster } = await import('redis')
  if (isCluster) {
    const cluster = createCluster({ rootNodes: [{ socket: address }], defaults: { password } })
    cluster.on('error', () => {})
    return await cluster.connect()
  }
  const socket = certificate === undefined ? address : { ...address, tls: true as const, ca: certificate }
  const redis = createRedisClient({ password, socket })
  redis.on('error', () => {})
  return await redis.connect()
}

async function call(callers: number, scope: string): Promise<Omit<Report, 'id'>> {
  const tokens = new Set<string>()
  const failures = new Set<string>()
  let slowest = 0
  await Promise.all(
    Array.from({ length: callers }, async () => {
      const began = performance.now()
      try {
        const token = await (client as Client).token({ scopes: [scope] })
        tokens.add(token.value)
      } catch (failure) {
        failures.add(String(failure))
      }
      slowest = Math.max(slowest, performance.now() - began)
    }),
  )
  return { tokens: [...tokens], failures: [...failures], slowest, events }
}
