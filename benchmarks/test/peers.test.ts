import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Peer, Session, Settings } from '../src/peer.ts'
import { findPeer, peers, tokenPeers } from '../src/peers.ts'
import { type BenchmarkServer, startServer, tokenLength } from '../src/server.ts'
import { ServerControl } from '../src/server-control.ts'
import { stubNetwork } from '../src/stubbed-network.ts'
import { openPool } from '../src/tenants.ts'

let running: BenchmarkServer
let server: ServerControl
let settings: Settings

beforeAll(async () => {
  running = await startServer()
  server = new ServerControl(running.origin)
  settings = {
    tokenEndpoint: server.tokenEndpoint,
    apiUrl: server.apiUrl,
    clientId: 'benchmark',
    clientSecret: 'secret',
    fetch: undefined,
  }
})
afterAll(() => running.close())

/** The interceptor takes part as soon as its package is in the repository. */
const isInterceptorThere = existsSync(join(import.meta.dirname, '../../packages/undici/package.json'))

describe.each(peers.filter(({ name }) => name !== 'nightlatch on undici' || isInterceptorThere))(
  '$name',
  ({ name, load }) => {
    /** The peer, a session of it on a server that behaves, and what the server has seen until then. */
    async function begin(changes: Partial<Settings> = {}): Promise<{ peer: Peer; session: Session }> {
      await server.behave({})
      const peer = await load()
      const session = await peer.open({ ...settings, ...changes })
      return { peer, session }
    }

    it('makes an authorised request', async () => {
      const { session } = await begin()
      const { send, finish } = session
      if (send === undefined || finish === undefined) throw new Error('It makes no requests.')
      await server.reset()
      expect(await finish(await send(`${settings.apiUrl}/x`))).toBe(200)
      expect(await finish(await send(`${settings.apiUrl}/x`))).toBe(200)
      const { unauthorized, grants } = await server.counts()
      expect(unauthorized).toBe(0)
      // Those that cache got one token for both; the others had theirs.
      expect(grants).toBeLessThanOrEqual(1)
      await session.close?.()
    })

    it('makes the same request with the stub, without network', async () => {
      const { session } = await begin({ fetch: stubNetwork(settings.tokenEndpoint) })
      await server.reset()
      if (!['simple-oauth2', 'undici', 'nightlatch on undici'].includes(name)) {
        expect(await session.finish?.(await session.send?.(`${settings.apiUrl}/x`))).toBe(204)
        expect((await server.counts()).tokenRequests).toBe(0)
      }
      await session.close?.()
    })

    it('requests a new token for each grant, if it supports grants', async () => {
      const { session } = await begin()
      const { grant, close } = session
      await server.reset()
      await grant?.()
      await grant?.()
      expect((await server.counts()).grants).toBe(grant === undefined ? 0 : 2)
      await close?.()
    })

    it('returns the issued token from its cache, if it has one', async () => {
      const { session } = await begin()
      const { token, reveal } = session
      await server.reset()
      const given = [await token?.(), await token?.()].map((token) =>
        token === undefined ? '' : (reveal?.(token) ?? ''),
      )
      expect(given[0]).toBe(given[1])
      expect(given[0]).toMatch(token === undefined ? /^$/ : /^\d+\.\d+\.x+$/)
      expect(given[0]).toHaveLength(token === undefined ? 0 : tokenLength)
      expect((await server.counts()).grants).toBe(token === undefined ? 0 : 1)
      await session.close?.()
    })

    it('separates tenants, if it caches tokens', async () => {
      const { peer, session } = await begin()
      const pool = await openPool(peer, settings, ['blue', 'green'])
      if (pool === undefined) return expect(session.token === undefined || !peer.caches).toBe(true)
      const reveal = session.reveal ?? String
      const [blue, green, again] = [await pool('blue'), await pool('green'), await pool('blue')].map(reveal)
      expect(again).toBe(blue)
      expect(green).not.toBe(blue)
    })
  },
)

it('peers have unique names, and those with tokens are listed', () => {
  expect(new Set(peers.map(({ name }) => name)).size).toBe(peers.length)
  expect(tokenPeers).toContain('nightlatch')
  expect(tokenPeers).not.toContain('fetch')
  expect(() => findPeer('nobody')).toThrow(TypeError)
})
