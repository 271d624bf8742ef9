import { Redis } from 'ioredis'
import { addUser } from './limited-user.ts'
import { findFreePort, type Kind, type Server, startServer } from './server.ts'

const slots = 16_384

interface RunningCluster extends AsyncDisposable {
  readonly nodes: readonly Server[]
  /** Makes a user on every node that has these rights and no others. */
  addUser(rights: string): Promise<{ readonly username: string; readonly password: string }>
  /** Any command, to one of the nodes. */
  send(command: string, ...parameters: string[]): Promise<unknown>
}

/** Starts three servers that form a cluster, with the slots shared out among them. */
export async function startCluster(kind: Kind): Promise<RunningCluster> {
  const ports: number[] = []
  while (ports.length < 3) {
    const port = await findFreePort()
    if (!ports.includes(port)) ports.push(port)
  }
  const settings = ['cluster-enabled yes', 'cluster-node-timeout 15000', 'cluster-config-file nodes.conf']
  const nodes = await Promise.all(ports.map((port) => startServer(kind, { port, settings })))
  const clients = nodes.map(({ port, password }) => new Redis({ host: '127.0.0.1', port, password }))
  const close = async (): Promise<void> => {
    for (const client of clients) client.disconnect()
    await Promise.all(nodes.map((node) => node.close()))
  }
  try {
    await Promise.all(
      clients.map(async (client, index) => {
        await client.call('cluster', 'set-config-epoch', String(index + 1))
        const share = Math.ceil(slots / nodes.length)
        const own = Array.from({ length: Math.min(share, slots - index * share) }, (_, at) =>
          String(index * share + at),
        )
        // Each slot by its number: ADDSLOTSRANGE came with Redis 7.
        await client.call('cluster', 'addslots', ...own)
      }),
    )
    const [first] = clients as [Redis]
    for (const port of ports.slice(1)) await first.call('cluster', 'meet', '127.0.0.1', String(port))
    for (const client of clients) await isWhole(client)
    return {
      nodes,
      async addUser(rights) {
        const added = clients.map((client) => addUser((command, ...rest) => client.call(command, ...rest), rights))
        const [user] = await Promise.all(added)
        return user as Awaited<(typeof added)[number]>
      },
      send: (command, ...parameters) => first.call(command, ...parameters),
      [Symbol.asyncDispose]: close,
    }
  } catch (failure) {
    await close()
    throw failure
  }
}

async function isWhole(client: Redis): Promise<void> {
  for (;;) {
    const info = String(await client.call('cluster', 'info'))
    if (info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3')) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
