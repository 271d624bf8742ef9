import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as Transport1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { memoryStore } from '@nightlatch/core'
import { type StandardEmulator, standardEmulation, startEmulator } from '@nightlatch/testing'
import { describe, expect, it } from 'vitest'
import { type McpAuth, type McpAuthOptions, mcpAuth } from '../../src/index.ts'
import { startMcpServer } from '../servers/mcp-server.ts'

const information = { name: 'agent', version: '1.0.0' }
const extension = 'io.modelcontextprotocol/oauth-client-credentials'

/** What the tests use of the client of each SDK. */
interface Connection {
  callTool(request: { name: string }): Promise<unknown>
  close(): Promise<void>
}

async function connect2(
  url: URL,
  auth: McpAuth,
  mode: 'auto' | 'legacy',
  option: 'fetch' | 'authProvider' = 'fetch',
): Promise<Connection> {
  const client = new Client(information, { capabilities: auth.capabilities, versionNegotiation: { mode } })
  const options = option === 'fetch' ? { fetch: auth.fetch } : { authProvider: auth }
  await client.connect(new StreamableHTTPClientTransport(url, options))
  return client as Connection
}

async function connect1(url: URL, auth: McpAuth): Promise<Connection> {
  const client = new Client1(information, { capabilities: auth.capabilities })
  // Its types do not fit those of its own transport under exactOptionalPropertyTypes.
  await client.connect(new Transport1(url, { fetch: auth.fetch }) as never)
  return client as unknown as Connection
}

const sdks = [
  ['2, revision 2026-07-28', (url: URL, auth: McpAuth) => connect2(url, auth, 'auto')],
  ['2, revision 2025-11-25', (url: URL, auth: McpAuth) => connect2(url, auth, 'legacy')],
  ['1', connect1],
] as const

const authorize = (url: URL, emulator: StandardEmulator, options: Partial<McpAuthOptions> = {}): McpAuth =>
  mcpAuth(url, { issuer: emulator.issuer, credentials: emulator.credentials, timeout: 60, ...options })

const text = (value: string): object => ({ content: [{ type: 'text', text: value }] })

const grantsOf = ({ requests }: StandardEmulator): readonly string[] =>
  requests.filter(({ part }) => part === 'token').map(({ body }) => body)

const scopesOf = (body: string): string | null => new URLSearchParams(body).get('scope')

describe.each(sdks)('SDK %s', (_, connect) => {
  it('calls tools with one token for the resource of the metadata, and declares the extension', async () => {
    await using emulator = await startEmulator(standardEmulation())
    await using server = await startMcpServer(emulator)
    await using auth = authorize(server.url, emulator)
    const client = await connect(server.url, auth)
    for (let count = 0; count < 3; count += 1) {
      expect(await client.callTool({ name: 'read' })).toMatchObject(text('read by test-client'))
    }
    await client.close()
    const [grant = '', ...more] = grantsOf(emulator)
    expect(more).toEqual([])
    expect(Object.fromEntries(new URLSearchParams(grant))).toEqual({
      grant_type: 'client_credentials',
      scope: 'mcp:read',
      resource: server.url.href,
    })
    expect(server.declared).toContainEqual([extension])
  })

  it('gets more scopes for a tool that requires them', async () => {
    await using emulator = await startEmulator(standardEmulation())
    await using server = await startMcpServer(emulator)
    await using auth = authorize(server.url, emulator)
    const client = await connect(server.url, auth)
    expect(await client.callTool({ name: 'write' })).toMatchObject(text('written with mcp:read mcp:write'))
    expect(await client.callTool({ name: 'read' })).toMatchObject(text('read by test-client'))
    await client.close()
    expect(grantsOf(emulator).map(scopesOf)).toEqual(['mcp:read', 'mcp:read mcp:write'])
  })

  it('replaces a token that the server no longer accepts', async () => {
    await using emulator = await startEmulator(standardEmulation({ onlyLatestToken: true }))
    await using server = await startMcpServer(emulator)
    await using auth = authorize(server.url, emulator)
    const client = await connect(server.url, auth)
    await client.callTool({ name: 'read' })
    // Another client's token makes this one invalid.
    await emulator.issueToken()
    expect(await client.callTool({ name: 'read' })).toMatchObject(text('read by test-client'))
    await client.close()
    expect(grantsOf(emulator)).toHaveLength(2)
  })

  it('shares a token between agents through a store', async () => {
    await using emulator = await startEmulator(standardEmulation())
    await using server = await startMcpServer(emulator)
    const store = memoryStore()
    await Promise.all(
      ['first', 'second', 'third'].map(async () => {
        await using auth = authorize(server.url, emulator, { store })
        const client = await connect(server.url, auth)
        expect(await client.callTool({ name: 'read' })).toMatchObject(text('read by test-client'))
        await client.close()
      }),
    )
    expect(grantsOf(emulator)).toHaveLength(1)
  })
})

describe('SDK 2 with authProvider', () => {
  it('calls tools, replaces a rejected token, and cannot get more scopes', async () => {
    await using emulator = await startEmulator(standardEmulation({ onlyLatestToken: true }))
    await using server = await startMcpServer(emulator)
    await using auth = authorize(server.url, emulator)
    const client = await connect2(server.url, auth, 'auto', 'authProvider')
    expect(await client.callTool({ name: 'read' })).toMatchObject(text('read by test-client'))
    await emulator.issueToken()
    expect(await client.callTool({ name: 'read' })).toMatchObject(text('read by test-client'))
    await expect(client.callTool({ name: 'write' })).rejects.toThrow(/scope/i)
    await client.close()
    expect(grantsOf(emulator).map(scopesOf)).toEqual(['mcp:read', 'mcp:read'])
  })
})

describe('an authorization server that rejects the client', () => {
  it.each([
    ['legacy', (failure: unknown) => failure],
    // The SDK wraps what fails before the revision is known.
    ['auto', (failure: unknown) => (failure as Error).cause],
  ] as const)('fails the connection with its error, without the secret: %s', async (mode, read) => {
    await using emulator = await startEmulator(standardEmulation())
    await using server = await startMcpServer(emulator)
    const clientSecret = 'marked-secret-Zq7'
    await using auth = authorize(server.url, emulator, { credentials: { clientId: 'test-client', clientSecret } })
    const failure: unknown = await connect2(server.url, auth, mode).catch((error: unknown) => error)
    expect(read(failure)).toMatchObject({ code: 'grant_refused', error: 'invalid_client', provider: 'mcp' })
    expect(String(failure)).not.toContain(clientSecret)
  })
})
