import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import {
  type AuthInfo,
  createMcpHandler,
  getOAuthProtectedResourceMetadataUrl,
  McpServer,
  OAuthError,
  oauthMetadataResponse,
  requireBearerAuth,
  requireScopes,
} from '@modelcontextprotocol/server'
import type { StandardEmulator } from '@nightlatch/testing'

/** An MCP server of the SDK on a loopback socket, which accepts tokens of an emulated authorization server. */
export interface RunningMcpServer extends AsyncDisposable {
  readonly url: URL
  /** The names of the extensions that each request of a client declared. */
  readonly declared: readonly (readonly string[])[]
}

/** Starts a server whose tool `read` requires no scope beyond those of the connection, and `write` requires `mcp:write`. */
export async function startMcpServer(emulator: StandardEmulator): Promise<RunningMcpServer> {
  const declared: (readonly string[])[] = []
  const sockets = createServer(async (incoming, outgoing) => {
    const body = incoming.method === 'POST' ? Readable.toWeb(incoming) : null
    const request = new Request(new URL(incoming.url ?? '/', url), {
      method: incoming.method ?? 'GET',
      headers: Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]),
      ...(body !== null && { body: body as ReadableStream, duplex: 'half' }),
    } as RequestInit)
    const response = await answer(request).catch(() => new Response('', { status: 500 }))
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    if (response.body === null) outgoing.end()
    else Readable.fromWeb(response.body as never).pipe(outgoing)
  })
  await new Promise<void>((resolve) => sockets.listen(0, '127.0.0.1', resolve))
  const url = new URL(`http://127.0.0.1:${(sockets.address() as AddressInfo).port}/mcp`)

  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'orders', version: '1.0.0' })
    server.registerTool('read', { description: 'Reads an order' }, async ({ http }) => {
      return { content: [{ type: 'text', text: `read by ${http?.authInfo?.clientId}` }] }
    })
    server.registerTool(
      'write',
      { description: 'Writes an order', scopeChallenge: requireScopes('mcp:write') },
      async ({ http }) => ({ content: [{ type: 'text', text: `written with ${http?.authInfo?.scopes.join(' ')}` }] }),
    )
    return server
  })
  const gate = requireBearerAuth({
    verifier: { verifyAccessToken: (token) => verify(token, emulator) },
    requiredScopes: ['mcp:read'],
    resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(url),
  })
  const metadata = {
    resourceServerUrl: url,
    scopesSupported: ['mcp:read'],
    oauthMetadata: {
      issuer: emulator.issuer,
      authorization_endpoint: `${emulator.url}/authorize`,
      token_endpoint: emulator.tokenEndpoint,
      response_types_supported: ['code'],
    },
  }
  const answer = async (request: Request): Promise<Response> => {
    const found = oauthMetadataResponse(request, metadata)
    if (found !== undefined) return found
    const authInfo = await gate(request)
    if (authInfo instanceof Response) return authInfo
    declared.push(readExtensions(await request.clone().text()))
    return await handler.fetch(request, { authInfo })
  }

  return {
    url,
    declared,
    async [Symbol.asyncDispose]() {
      await handler.close()
      sockets.closeAllConnections()
      await new Promise((resolve) => sockets.close(resolve))
    },
  }
}

/** Asks the emulated API whether it accepts the token, as an introspection endpoint would. */
async function verify(token: string, emulator: StandardEmulator): Promise<AuthInfo> {
  const response = await fetch(emulator.apiUrl, { headers: { authorization: `Bearer ${token}` } })
  if (response.status !== 200) throw new OAuthError('invalid_token', 'The token is not valid')
  const [, claims = ''] = token.split('.')
  const { sub, exp, scope = '' } = JSON.parse(Buffer.from(claims, 'base64url').toString())
  return { token, clientId: sub, scopes: scope.split(' '), expiresAt: exp }
}

/** The extensions that a client declares: once as it connects, or with each request since 2026-07-28. */
function readExtensions(body: string): readonly string[] {
  const { params = {} } = body === '' ? {} : JSON.parse(body)
  const capabilities = params.capabilities ?? params._meta?.['io.modelcontextprotocol/clientCapabilities'] ?? {}
  return Object.keys(capabilities.extensions ?? {})
}
