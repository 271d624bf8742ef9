/**
 * An MCP server whose tools require a token, as a handler of web-standard
 * requests.
 */
import {
  createMcpHandler,
  fromJsonSchema,
  getOAuthProtectedResourceMetadataUrl,
  McpServer,
  type OAuthTokenVerifier,
  oauthMetadataResponse,
  requireBearerAuth,
  requireScopes,
} from '@modelcontextprotocol/server'

/** Settings of the server: its authorization server. */
export interface OrderServerOptions {
  /** The server's own URL, which is the resource of its tokens. */
  readonly url: URL
  readonly issuer: string
  readonly tokenEndpoint: string
  /** Checks a token: by its signature, or at the authorization server. */
  readonly verifier: OAuthTokenVerifier
  /** The open orders; a shipped one is removed. */
  readonly orders: Set<string>
}

/** Creates the server's handler. */
export function createOrderServer(
  options: OrderServerOptions,
): (request: Request) => Promise<Response> {
  const { url, issuer, tokenEndpoint, verifier, orders } = options
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'orders', version: '1.0.0' })
    server.registerTool(
      'list_orders',
      { description: 'Lists open orders' },
      async () => ({
        content: [{ type: 'text', text: [...orders].join('\n') }],
      }),
    )
    server.registerTool(
      'ship_order',
      {
        description: 'Ships an order',
        inputSchema: fromJsonSchema<{ order: string }>({
          type: 'object',
          properties: { order: { type: 'string' } },
          required: ['order'],
        }),
        scopeChallenge: requireScopes('orders:ship'),
      },
      async ({ order }) => {
        const text = orders.delete(order)
          ? `shipped ${order}`
          : `there is no open order ${order}`
        return { content: [{ type: 'text', text }] }
      },
    )
    return server
  })
  const gate = requireBearerAuth({
    verifier,
    requiredScopes: ['orders:read'],
    resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(url),
  })
  const metadata = {
    resourceServerUrl: url,
    scopesSupported: ['orders:read'],
    oauthMetadata: {
      issuer,
      token_endpoint: tokenEndpoint,
      // The SDK's type requires the members of other grants.
      authorization_endpoint: `${issuer}/authorize`,
      response_types_supported: [],
    },
  }
  return async (request) => {
    const found = oauthMetadataResponse(request, metadata)
    if (found !== undefined) return found
    const authInfo = await gate(request)
    return authInfo instanceof Response
      ? authInfo
      : await handler.fetch(request, { authInfo })
  }
}
