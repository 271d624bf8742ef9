import { testTokenStore } from '@latchkey/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { redisStore } from '../src/redis-store.ts'
import { type Connected, connect, packageNames } from './servers/clients.ts'
import { makeKey } from './servers/encryption-key.ts'
import { addUser, documentedRights } from './servers/limited-user.ts'
import { kinds, type Server, startServer } from './servers/server.ts'

const combinations = kinds.flatMap((kind) => [
  ...packageNames.map((name) => [kind, name, 'scripts'] as const),
  [kind, 'ioredis', 'no scripts'] as const,
])

describe.each(combinations)('on %s, by %s, with %s', (kind, name, scripts) => {
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
    { describe, it: it.concurrent, atomicDelete: scripts === 'scripts' },
  )
})
