import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Fleet, startFleet } from './fleet/fleet.ts'
import { startTokenEndpoint, type TokenEndpoint } from './fleet/token-endpoint.ts'
import { connect } from './servers/clients.ts'
import { startCluster } from './servers/cluster.ts'
import { onServers } from './servers/on-servers.ts'
import { installed, kinds, type Server, startServer } from './servers/server.ts'

// Eight processes take their time where others are at work.
vi.setConfig({ hookTimeout: 120_000, testTimeout: 120_000 })

const size = 8
const callers = 200

/** Seconds a call may take: those who wait for the owner of a lock step in after half of it, which no busy machine must reach. */
const timeout = 60

/** Milliseconds that a store which is not well may cost a call. */
const bound = 2000

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

let fleet: Fleet
let endpoint: TokenEndpoint
let scopes = 0
const freshScope = (): string => `scope-${++scopes}`

beforeAll(async () => {
  if (installed.length === 0) return
  ;[fleet, endpoint] = await Promise.all([startFleet(size), startTokenEndpoint()])
})
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]()
  await endpoint?.[Symbol.asyncDispose]()
})
beforeEach(() => {
  Object.assign(endpoint, { lifetime: 3600, refreshIn: undefined, delay: 50, until: undefined })
})

/** How often a process did not wait for the store any longer, or the store failed. */
const storeFailures = async (): Promise<number> => (await fleet.call(0, '')).count('store.failed')

/**
 * Plays what holds while the store answers in time. Where it did not, because the machine is busy, each process rightly asks for
 * itself: then it is played again, for another token.
 */
const whileStoreAnswers = async (play: (scope: string) => Promise<void>): Promise<void> => {
  for (;;) {
    const before = await storeFailures()
    try {
      return await play(freshScope())
    } catch (failure) {
      if ((await storeFailures()) === before) throw failure
    }
  }
}

/** All callers of all processes want the same new token at once. */
const expectOneGrant = (): Promise<void> =>
  whileStoreAnswers(async (scope) => {
    endpoint.delay = 500
    const { tokens, failures } = await fleet.call(callers, scope)
    expect(failures).toEqual([])
    expect(tokens).toHaveLength(1)
    expect(endpoint.askersOf(scope)).toHaveLength(1)
  })

onServers(kinds.map((kind) => [kind]))('a fleet of 8 processes over %s', (kind) => {
  let server: Server

  beforeAll(async () => {
    server = await startServer(kind)
    await fleet.begin(server, endpoint, timeout)
  })
  afterAll(async () => {
    await server?.close()
  })

  it('S2, L3: 200 callers in each, cold: one grant', expectOneGrant)

  it('S2: the same when the token expires', () =>
    whileStoreAnswers(async (scope) => {
      const first = await fleet.call(callers, scope)
      await fleet.advance(endpoint.lifetime)
      const second = await fleet.call(callers, scope)
      expect([first.failures, second.failures]).toEqual([[], []])
      expect(second.tokens).toHaveLength(1)
      expect(second.tokens).not.toEqual(first.tokens)
      expect(endpoint.askersOf(scope)).toHaveLength(2)
    }))

  it('S2, L2: one process refreshes in the background for all, and the others keep using the valid token', () =>
    whileStoreAnswers(async (scope) => {
      Object.assign(endpoint, { lifetime: 8000, refreshIn: 600, until: undefined })
      const { tokens: first } = await fleet.call(callers, scope)
      expect(first).toHaveLength(1)
      const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
      Object.assign(endpoint, { refreshIn: undefined, until: answered })
      // Whatever jitter drew: it is an eighth of the rest of the life at most.
      await fleet.advance(600 + (8000 - 600) / 8)
      try {
        // While the grant is under way, nobody waits for it.
        while (endpoint.askersOf(scope).length < 2) {
          const { tokens, failures } = await fleet.call(20, scope)
          expect({ tokens, failures }).toEqual({ tokens: first, failures: [] })
        }
        const { tokens, failures } = await fleet.call(callers, scope)
        expect({ tokens, failures }).toEqual({ tokens: first, failures: [] })
      } finally {
        answer()
      }
      const seen = new Set(first)
      for (;;) {
        const { tokens, failures } = await fleet.call(20, scope)
        expect(failures).toEqual([])
        for (const token of tokens) seen.add(token)
        if (tokens.every((token) => !first.includes(token))) break
        await pause(20)
      }
      expect(seen.size).toBe(2)
      expect(endpoint.askersOf(scope)).toHaveLength(2)
    }))
})

onServers(kinds.map((kind) => [kind]))('a fleet of 8 processes over %s, with TLS and as a cluster', (kind) => {
  it('S2, L3: 200 callers in each, cold, over TLS: one grant', async () => {
    await using server = await startServer(kind, { tls: true })
    await fleet.begin(server, endpoint, timeout)
    await expectOneGrant()
  })

  it('S2, L3: 200 callers in each, cold, over a cluster of three: one grant for each of several tokens', async () => {
    await using cluster = await startCluster(kind)
    const [node] = cluster.nodes
    if (node === undefined) throw new Error('a cluster has nodes')
    await fleet.begin(node, endpoint, timeout, true)
    // Their entries are on one node or another.
    for (let token = 0; token < 4; token += 1) await expectOneGrant()
  })
})

describe.skipIf(installed.length === 0)('when the store is not well', () => {
  let server: Server

  beforeAll(async () => {
    server = await startServer(installed.at(-1) ?? 'valkey')
    await fleet.begin(server, endpoint, timeout)
  })
  afterAll(async () => {
    await server?.close()
  })

  /** Everybody wants a new token, once; resolves to the milliseconds that the slowest call took. */
  const callForNew = async (scope = freshScope()): Promise<number> => {
    const { failures, slowest } = await fleet.call(callers, scope)
    expect(failures).toEqual([])
    return slowest
  }

  /** No call fails while the store is not well, and none is late; afterwards all share again. */
  const expectCallsThrough = async (begin: () => unknown, end: () => unknown): Promise<void> => {
    const before = await callForNew()
    await begin()
    const latencies = [await callForNew(), await callForNew(), await callForNew()]
    await end()
    for (;;) {
      const scope = freshScope()
      await callForNew(scope)
      if (endpoint.askersOf(scope).length === 1) break
      await pause(250)
    }
    // What calls take on a machine as busy as this one is now.
    const usual = Math.max(before, await callForNew())
    for (const latency of latencies) expect(latency).toBeLessThan(bound + 10 * usual)
  }

  it('S3: stopped server: no call fails or is late, and all share again', () =>
    expectCallsThrough(
      () => server.pause(),
      () => server.resume(),
    ))

  it('S3: killed server, restarted empty: no call fails or is late, and all share again', () =>
    expectCallsThrough(
      () => server.kill(),
      () => server.restart(),
    ))

  it('S3: read-only server: no call fails or is late, and all share again', async () => {
    await using admin = await connect('ioredis', server)
    await expectCallsThrough(
      () => admin.send('REPLICAOF', '127.0.0.1', '1'),
      () => admin.send('REPLICAOF', 'NO', 'ONE'),
    )
  })

  it('S3: server out of memory: no call fails or is late, and all share again', async () => {
    await using admin = await connect('ioredis', server)
    await expectCallsThrough(
      () => admin.send('CONFIG', 'SET', 'maxmemory', '1'),
      () => admin.send('CONFIG', 'SET', 'maxmemory', '0'),
    )
  })

  // The last one: it costs a process. A lock outlives the calls of its owner, so the next grant comes before its end if no call fails.
  it('S2: if the lock’s owner is killed during its grant, the next grant comes before the lock expires', async () => {
    await fleet.begin(server, endpoint, 16)
    await whileStoreAnswers(async (scope) => {
      endpoint.delay = 500
      const calling = fleet.call(callers, scope)
      await expect.poll(() => endpoint.askersOf(scope), { timeout: 60_000 }).toHaveLength(1)
      const [owner] = endpoint.askersOf(scope) as [number]
      fleet.kill(owner)
      const { failures, tokens } = await calling
      expect(failures).toEqual([])
      expect(tokens).toHaveLength(1)
      expect(endpoint.askersOf(scope)).toHaveLength(2)
    })
  })
})
