import { testTokenStore } from '@nightlatch/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { redisStore } from '../src/redis-store.ts'
import { type Connected, connect, type PackageName, packageNames } from './servers/clients.ts'
import { makeKey } from './servers/encryption-key.ts'
import { addUser, documentedRights } from './servers/limited-user.ts'
import { onServers } from './servers/on-servers.ts'
import { type Kind, kinds, type Server, startServer } from './servers/server.ts'

type Combination = readonly [Kind, PackageName, 'scripts' | 'no scripts']

const combinations = kinds.flatMap((kind): readonly Combination[] => [
  ...packageNames.map((name): Combination => [kind, name, 'scripts']),
  [kind, 'ioredis', 'no scripts'],
])

onServers(combinations)('on %s, by %s, with %s', (kind, name, scripts) => {
  let server: Server
  let encryptionKeys: readonly CryptoKey[]
  const connections: Connected[] = []

  beforeAll(async () => {
    encryptionKeys = [await makeKey()]
    server = await startServer(kind)
    await using admin = await connect(name, server)
    const rights = scripts === 'scripts' ? documentedRights : documentedRights.replace(' +eval', '')
    const user = await addUser(admin.send, rights)
    connections.push(await connect(name, server, user), await connect(name, server, user))
  })
  afterAll(async () => {
    for (const connection of connections) await connection[Symbol.asyncDispose]()
    await server?.close()
  })

  let next = 0
  testTokenStore(
    () => {
      next += 1
      const { client } = connections[next % connections.length] as Connected
      return redisStore({ client, encryptionKeys })
    },
    { describe: describe.concurrent, it, atomicDelete: scripts === 'scripts', shortLife: 0.2 },
  )
})
