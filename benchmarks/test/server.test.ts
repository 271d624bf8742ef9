import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { grantByHand } from '../src/peer.ts'
import { type BenchmarkServer, startServer } from '../src/server.ts'
import { ServerControl } from '../src/server-control.ts'

let running: BenchmarkServer
let server: ServerControl

beforeAll(async () => {
  running = await startServer()
  server = new ServerControl(running.origin)
})
afterAll(() => running.close())
afterEach(() => void vi.restoreAllMocks())

function grant(): Promise<{ access_token: string; expires_in: number }> {
  const { tokenEndpoint, apiUrl } = server
  return grantByHand({ tokenEndpoint, apiUrl, clientId: 'benchmark', clientSecret: 'secret', fetch: undefined })
}

async function call(token: string): Promise<number> {
  return (await fetch(`${server.apiUrl}/x`, { headers: { authorization: `Bearer ${token}` } })).status
}

it('accepts only valid tokens', async () => {
  await server.behave({ lifetime: 600 })
  await server.reset()
  const { access_token, expires_in } = await grant()
  expect(expires_in).toBe(600)
  expect(await call(access_token)).toBe(200)
  expect(await call('made up')).toBe(401)
  const later = Date.now() + 600_000
  vi.spyOn(Date, 'now').mockReturnValue(later)
  expect(await call(access_token)).toBe(401)
  expect(await server.counts()).toMatchObject({ grants: 1, tokenRequests: 1, unauthorized: 2 })
})

it('counts the lifetime of a token from its issue', async () => {
  await server.behave({ lifetime: 10, delayBefore: 30, delayAfter: 30 })
  const begun = Date.now()
  const { access_token } = await grant()
  expect(Number.parseInt(access_token, 10)).toBeGreaterThanOrEqual(begun + 10_000 + 25)
  expect(Number.parseInt(access_token, 10)).toBeLessThan(Date.now() + 10_000 - 20)
})

it('supports faults', async () => {
  await server.behave({ fault: '503' })
  await server.reset()
  await expect(grant()).rejects.toThrow('503')
  await server.behave({ fault: 'hang' })
  const waited = await Promise.race([grant(), new Promise((resolve) => setTimeout(() => resolve('waited'), 100))])
  expect(waited).toBe('waited')
  await expect.poll(async () => (await server.counts()).tokenRequests, { timeout: 60_000 }).toBe(2)
  expect(await server.counts()).toMatchObject({ grants: 0, tokenRequests: 2, unauthorized: 0 })
})
