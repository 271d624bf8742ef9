import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { OAuthError, type OAuthTokenVerifier } from '@modelcontextprotocol/server'
import { type StandardEmulator, standardEmulation, startEmulator } from '@nightlatch/testing'
import { describe, expect, it } from 'vitest'
import { createOrderServer } from '../src/order-server.ts'

describe('an agent', () => {
  it('calls the tools of an MCP server, and gets the scopes that they require', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const orders = new Set(['A-1', 'A-2', 'A-3'])
    await using server = await listen(emulator, orders)
    const script = join(import.meta.dirname, '../src/agent.ts')
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--conditions=@nightlatch/source', script],
      {
        timeout: 60_000,
        env: {
          MCP_URL: server.url.href,
          MCP_ISSUER: emulator.issuer,
          MCP_CLIENT_ID: emulator.credentials.clientId,
          MCP_CLIENT_SECRET: emulator.credentials.clientSecret,
        },
      },
    )
    expect(stdout.trim().split('\n')).toEqual(['A-1', 'A-2', 'A-3', 'shipped A-1', 'shipped A-2', 'shipped A-3'])
    expect(stderr).toBe('')
    expect(orders.size).toBe(0)
    const grants = emulator.requests.filter(({ part }) => part === 'token')
    expect(grants.map(({ body }) => new URLSearchParams(body).get('scope'))).toEqual([
      'orders:read',
      'orders:read orders:ship',
    ])
  })
})

/** Serves the orders on a loopback socket. */
async function listen(emulator: StandardEmulator, orders: Set<string>): Promise<AsyncDisposable & { url: URL }> {
  const sockets = createServer(async (incoming, outgoing) => {
    const hasBody = incoming.method === 'POST'
    const request = new Request(new URL(incoming.url ?? '/', url), {
      method: incoming.method ?? 'GET',
      headers: Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]),
      ...(hasBody && { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' }),
    } as RequestInit)
    const response = await answer(request)
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    outgoing.end(Buffer.from(await response.arrayBuffer()))
  })
  await new Promise<void>((resolve) => sockets.listen(0, '127.0.0.1', resolve))
  const url = new URL(`http://127.0.0.1:${(sockets.address() as AddressInfo).port}/mcp`)
  const { issuer, tokenEndpoint } = emulator
  const answer = createOrderServer({ url, issuer, tokenEndpoint, verifier: createVerifier(emulator), orders })
  return {
    url,
    async [Symbol.asyncDispose]() {
      sockets.closeAllConnections()
      await new Promise((resolve) => sockets.close(resolve))
    },
  }
}

/** Asks the emulated API whether it accepts a token. */
function createVerifier(emulator: StandardEmulator): OAuthTokenVerifier {
  return {
    async verifyAccessToken(token) {
      const response = await fetch(emulator.apiUrl, { headers: { authorization: `Bearer ${token}` } })
      if (!response.ok) throw new OAuthError('invalid_token', 'The token is not valid')
      const [, claims = ''] = token.split('.')
      const { sub, exp, scope = '' } = JSON.parse(Buffer.from(claims, 'base64url').toString())
      return { token, clientId: sub, scopes: scope.split(' '), expiresAt: exp }
    },
  }
}
