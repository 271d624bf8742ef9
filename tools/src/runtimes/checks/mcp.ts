/** Checks of `@nightlatch/mcp` on every runtime. */
import { NightlatchError } from '@nightlatch/core'
import { mcpAuth } from '@nightlatch/mcp'
import { expect, expectEqual, failureOf, offered, type RuntimeCheck } from './runtime-check.ts'

/** An MCP server in memory, in front of an emulated authorization server. */
function createServer(issuer: string) {
  const url = 'http://127.0.0.1:9/mcp'
  const metadata = 'http://127.0.0.1:9/.well-known/oauth-protected-resource/mcp'
  const scopes: (string | null)[] = []
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init)
    if (request.url === metadata) return Response.json({ resource: url, authorization_servers: [issuer] })
    if (request.url !== url) {
      if (request.method === 'POST') scopes.push(new URLSearchParams(await request.clone().text()).get('scope'))
      return await globalThis.fetch(request)
    }
    if (!request.headers.has('authorization')) {
      const challenge = `Bearer resource_metadata="${metadata}", scope="read"`
      return new Response('', { status: 401, headers: { 'www-authenticate': challenge } })
    }
    if (scopes.length > 1) return Response.json({ method: request.method })
    const challenge = 'Bearer error="insufficient_scope", scope="write"'
    return new Response('', { status: 403, headers: { 'www-authenticate': challenge } })
  }
  return { url, fetch, scopes }
}

export const checks: readonly RuntimeCheck[] = [
  {
    name: 'a request to an MCP server finds its authorization server, and gets more scopes',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('standard')
      const issuer = offered(emulator, 'issuer')
      const { url, fetch, scopes } = createServer(issuer)
      const auth = mcpAuth(url, { issuer, credentials: emulator.credentials, fetch, timeout: 60 })
      const response = await auth.fetch(url, { method: 'POST', body: '{}' })
      expectEqual([response.status, await response.json()], [200, { method: 'POST' }], 'the response')
      expectEqual(scopes, ['read', 'read write'], 'the scopes')
      await auth.close()
    },
  },
  {
    name: 'a secret does not go to another issuer',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('standard')
      const { url, fetch, scopes } = createServer('https://evil.example')
      const auth = mcpAuth(url, { issuer: offered(emulator, 'issuer'), credentials: emulator.credentials, fetch })
      const failure = await failureOf(auth.fetch(url), 'another issuer')
      expect(failure instanceof NightlatchError && failure.code === 'discovery_failed', 'discovery_failed')
      expectEqual(scopes, [], 'requests for a token')
      await auth.close()
    },
  },
]
