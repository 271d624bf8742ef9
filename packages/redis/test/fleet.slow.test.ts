import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Fleet, startFleet } from './fleet/fleet.ts'
import { startTokenEndpoint, type TokenEndpoint } from './fleet/token-endpoint.ts'
import { connect } from './servers/clients.ts'
import { startCluster } from './servers/cluster.ts'
import { onServers } from './servers/on-servers.ts'
import { installed, kinds, type Server, startServer } from './servers/server.ts'

// Eight processes take their time to start where others are at work.
vi.setConfig({ hookTimeout: 60_000, testTimeout: 60_000 })

const size = 8
const callers = 200

/** Milliseconds: what a call may take more than the grant, and what a busy machine may add to it. */
const bound = 2000
const slack = 3000

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
  Object.assign(endpoint, { lifetime: 3600, refreshIn: undefined, delay: 50 })
})

/** All callers of all processes want the same new token at once. */
const expectOneGrant = async (): Promise<void> => {
  const scope = freshScope()
  endpoint.delay = 500
  const { tokens, failures } = await fleet.call(callers, scope)
  expect(failures).toEqual([])
  expect(tokens).toHaveLength(1)
  expect(endpoint.askersOf(scope)).toHaveLength(1)
}

/** What a call cost while the store was not well, in the test's output. */
function print(trouble: string, latencies: readonly number[]): void {
  process.stdout.write(
    `the store ${trouble}: the slowest of ${size * callers} calls took ${latencies.join(', then ')} ms, a grant takes ${endpoint.delay} ms of it\n`,
  )
}

onServers(kinds.map((kind) => [kind]))('a fleet of 8 processes over %s', (kind) => {
  let server: Server

  beforeAll(async () => {
    server = await startServer(kind)
    await fleet.begin(server, endpoint, 10)
  })
  afterAll(async () => {
    await server?.close()
  })

  it('S2, L3: 200 callers in each, cold: one grant', expectOneGrant)

  it('S2: the same when the token expires', async () => {
    const scope = freshScope()
    endpoint.lifetime = 3
    const first = await fleet.call(callers, scope)
    await pause(3100)
    const second = await fleet.call(callers, scope)
    expect([first.failures, second.failures]).toEqual([[], []])
    expect(second.tokens).toHaveLength(1)
    expect(second.tokens).not.toEqual(first.tokens)
    expect(endpoint.askersOf(scope)).toHaveLength(2)
  })

  it('S2, L2: one process refreshes ahead for all, and the others go on with the token that lives', async () => {
    const scope = freshScope()
    Object.assign(endpoint, { lifetime: 20, refreshIn: 1 })
    const { tokens: first } = await fleet.call(callers, scope)
    Object.assign(endpoint, { lifetime: 3600, refreshIn: undefined, delay: 500 })
    const seen = new Set(first)
    for (;;) {
      const { tokens, failures, slowest } = await fleet.call(20, scope)
      expect(failures).toEqual([])
      expect(slowest).toBeLessThan(endpoint.delay)
      for (const token of tokens) seen.add(token)
      if (tokens.every((token) => !first.includes(token))) break
      await pause(100)
    }
    expect(seen.size).toBe(2)
    expect(endpoint.askersOf(scope)).toHaveLength(2)
  })
})

onServers(kinds.map((kind) => [kind]))('a fleet of 8 processes over %s, with TLS and as a cluster', (kind) => {
  it('S2, L3: 200 callers in each, cold, over TLS: one grant', async () => {
    await using server = await startServer(kind, { tls: true })
    await fleet.begin(server, endpoint, 10)
    await expectOneGrant()
  })

  it('S2, L3: 200 callers in each, cold, over a cluster of three: one grant for each of several tokens', async () => {
    await using cluster = await startCluster(kind)
    const [node] = cluster.nodes
    if (node === undefined) throw new Error('a cluster has nodes')
    await fleet.begin(node, endpoint, 10, true)
    // Their entries are on one node or another.
    for (let token = 0; token < 4; token += 1) await expectOneGrant()
  })
})

describe.skipIf(installed.length === 0)('when the store is not well', () => {
  let server: Server

  beforeAll(async () => {
    server = await startServer(installed.at(-1) ?? 'valkey')
    await fleet.begin(server, endpoint, 10)
  })
  afterAll(async () => {
    await server?.close()
  })

  /** Calls for a new token each time, while the store is not well. */
  const callThrough = async (trouble: string, rounds: number): Promise<void> => {
    const latencies: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const { failures, slowest } = await fleet.call(callers, freshScope())
      expect(failures).toEqual([])
      latencies.push(slowest)
    }
    print(trouble, latencies)
    for (const latency of latencies) expect(latency).toBeLessThan(endpoint.delay + bound + slack)
  }

  /** Until all processes share again. */
  const expectToShare = async (): Promise<void> => {
    const healed = performance.now()
    for (;;) {
      const scope = freshScope()
      const { failures } = await fleet.call(callers, scope)
      expect(failures).toEqual([])
      if (endpoint.askersOf(scope).length === 1) return
      if (performance.now() - healed > 15_000) throw new Error('after 15 s they still do not share')
      await pause(250)
    }
  }

  it('S3: stopped for 5 s: no call fails, none is late, and all share again', async () => {
    server.pause()
    const paused = performance.now()
    await callThrough('hangs', 3)
    await pause(Math.max(0, 5000 - (performance.now() - paused)))
    server.resume()
    await expectToShare()
  })

  it('S3: killed, and restarted empty: no call fails, none is late, and all share again', async () => {
    await server.kill()
    await callThrough('is gone', 3)
    await server.restart()
    await expectToShare()
  })

  it('S3: read-only: no call fails, none is late, and all share again', async () => {
    await using admin = await connect('ioredis', server)
    await admin.send('REPLICAOF', '127.0.0.1', '1')
    await callThrough('is read-only', 3)
    await admin.send('REPLICAOF', 'NO', 'ONE')
    await expectToShare()
  })

  it('S3: out of memory: no call fails, none is late, and all share again', async () => {
    await using admin = await connect('ioredis', server)
    await admin.send('CONFIG', 'SET', 'maxmemory', '1')
    await callThrough('is out of memory', 3)
    await admin.send('CONFIG', 'SET', 'maxmemory', '0')
    await expectToShare()
  })

  // The last one: it costs a process.
  it('S2: the owner of the lock killed in the middle of its grant: the next grant comes before the lock has ended', async () => {
    const timeout = 5
    await fleet.begin(server, endpoint, timeout)
    const scope = freshScope()
    endpoint.delay = 500
    const calling = fleet.call(callers, scope)
    await expect.poll(() => endpoint.askersOf(scope), { timeout: 5000 }).toHaveLength(1)
    const [owner] = endpoint.askersOf(scope) as [number]
    fleet.kill(owner)
    const { failures, tokens, slowest } = await calling
    print('is locked by a process that was killed', [slowest])
    expect(failures).toEqual([])
    expect(tokens).toHaveLength(1)
    expect(slowest).toBeLessThan((timeout + 5) * 1000)
    expect(endpoint.askersOf(scope)).toHaveLength(2)
  })
})
