import type { Fetch } from '@nightlatch/core'

/** A request that reached a server of the network. */
interface SeenRequest {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: string
}

export type Answer = (request: SeenRequest) => Response | Promise<Response>

/** A network in memory, for hosts that a test cannot have: an MCP server, and its authorization server on another host. */
export interface AcmeNetwork {
  readonly fetch: Fetch
  readonly requests: readonly SeenRequest[]
  /** Token requests, as forms. */
  readonly grants: readonly URLSearchParams[]
  /** Requests whose URL begins so. */
  to(prefix: string): readonly SeenRequest[]
}

export const mcpUrl = 'https://mcp.acme.example/mcp'
export const metadataUrl = 'https://mcp.acme.example/.well-known/oauth-protected-resource/mcp'
export const issuer = 'https://login.acme.example'

/** What a server's metadata says, unless a test says otherwise. */
export const metadata: Readonly<Record<string, unknown>> = {
  resource: mcpUrl,
  authorization_servers: [issuer],
  scopes_supported: ['mcp:read'],
}

/**
 * Creates the network. Its MCP server requires a token, and says where its metadata is.
 *
 * @param answers by URL; they replace those of the network
 */
export function createAcmeNetwork(answers: Readonly<Record<string, Answer>> = {}): AcmeNetwork {
  const requests: SeenRequest[] = []
  let issued = 0
  const all: Readonly<Record<string, Answer>> = {
    [mcpUrl]: ({ headers }) => (headers.has('authorization') ? Response.json({ ok: true }) : challenge()),
    [metadataUrl]: () => Response.json(metadata),
    [`${issuer}/.well-known/oauth-authorization-server`]: () =>
      Response.json({ issuer, token_endpoint: `${issuer}/token` }),
    [`${issuer}/token`]: ({ headers }) => {
      issued += 1
      const type = headers.has('dpop') ? 'DPoP' : 'Bearer'
      return Response.json({ access_token: `token-${issued}`, token_type: type, expires_in: 3600 })
    },
    ...answers,
  }
  return {
    requests,
    get grants() {
      return requests.filter(({ url }) => url === `${issuer}/token`).map(({ body }) => new URLSearchParams(body))
    },
    to: (prefix) => requests.filter(({ url }) => url.startsWith(prefix)),
    async fetch(input, init) {
      const request = new Request(input, init as RequestInit)
      const seen = {
        url: request.url,
        method: request.method,
        headers: request.headers,
        body: await request.text(),
      }
      requests.push(seen)
      return (await all[seen.url]?.(seen)) ?? new Response('', { status: 404 })
    },
  }
}

/** The response to a request without a token. */
export function challenge(parameters = `resource_metadata="${metadataUrl}"`, status = 401): Response {
  return new Response('', { status, headers: { 'www-authenticate': `Bearer ${parameters}` } })
}
