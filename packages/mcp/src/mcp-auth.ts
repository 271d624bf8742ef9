import type { Fetch } from '@nightlatch/core'
import { checkArguments, type McpAuthOptions } from './options.ts'
import { type McpCapabilities, ServerAuth, type UnauthorizedContext } from './server-auth.ts'

/** Authorizes the requests of MCP clients to one server. */
export interface McpAuth extends AsyncDisposable {
  /**
   * The `fetch` option of a transport, in versions 1 and 2 of the MCP SDK. A request without a token is sent first; if the server
   * rejects it, all further ones carry a token.
   *
   * @throws NightlatchError `discovery_failed` or `timed_out` if the authorization server cannot be found, `origin_refused` for
   *   another origin than the MCP server's, or what a client's `token` throws; network failures are `fetch`'s own
   */
  readonly fetch: Fetch
  /**
   * With `onUnauthorized`, the `authProvider` option of a transport in version 2 of the MCP SDK. Unlike `fetch`, it cannot request
   * more scopes and cannot use DPoP.
   *
   * @returns a token, or `undefined` before the server has required one
   * @throws NightlatchError what a client's `token` throws
   */
  token(): Promise<string | undefined>
  /**
   * Finds the authorization server, or replaces the token that the server rejected.
   *
   * @throws NightlatchError `discovery_failed`, or what a client's `token` throws
   */
  onUnauthorized(context: UnauthorizedContext): Promise<void>
  /** The capabilities of an MCP client that declare the extension; add your own. */
  readonly capabilities: McpCapabilities
  /** Drops the cached tokens, here and in the store, and what discovery found. */
  forget(): Promise<void>
  /** Stops background work. Pending calls still settle. */
  close(): Promise<void>
}

/**
 * Authorizes an MCP client by OAuth 2.0 client credentials, without a user. Nothing is sent before the first request.
 *
 * @param serverUrl the MCP server's endpoint, as the transport has it
 * @param options the credentials, the `issuer` that they belong to, and any options that differ from their defaults
 * @throws NightlatchError `invalid_options`
 * @example
 * ```ts
 * import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
 * import { mcpAuth } from '@nightlatch/mcp'
 *
 * const auth = mcpAuth('https://mcp.acme.example/mcp', {
 *   issuer: 'https://login.acme.example',
 *   credentials: { clientId: 'agent', clientSecret: process.env.ACME_SECRET },
 * })
 * const client = new Client({ name: 'agent', version: '1.0.0' }, { capabilities: auth.capabilities })
 * await client.connect(new StreamableHTTPClientTransport(new URL('https://mcp.acme.example/mcp'), { fetch: auth.fetch }))
 * ```
 * @see {@link https://www.rfc-editor.org/rfc/rfc9728 RFC 9728}
 * @see {@link https://modelcontextprotocol.io/extensions/auth/oauth-client-credentials OAuth Client Credentials Extension}
 */
export function mcpAuth(serverUrl: string | URL, options: McpAuthOptions): McpAuth {
  checkArguments(serverUrl, options)
  return new ServerAuth(new URL(serverUrl), { ...options })
}
