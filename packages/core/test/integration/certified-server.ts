import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type ClientMetadata, type Configuration, Provider } from 'oidc-provider'
import { MemoryAdapter } from './memory-adapter.ts'

/** oidc-provider on a real socket: an authorization server that others wrote and the OpenID Foundation certified. */
export interface CertifiedServer {
  readonly issuer: string
  /** What it was asked, as it came. */
  readonly asked: readonly string[]
  /** The token requests' forms. */
  readonly forms: readonly URLSearchParams[]
  close(): Promise<void>
}

/**
 * Starts one that gives out tokens by client credentials.
 *
 * @param configuration what it has besides; nothing is left to the quick-start defaults, about which it warns on the console
 * @param tls for a server that speaks https
 */
export async function startCertifiedServer(
  clients: readonly ClientMetadata[],
  configuration: Configuration = {},
  tls?: ServerOptions,
): Promise<CertifiedServer> {
  const server: Server = tls === undefined ? createServer() : createSecureServer(tls)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const issuer = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  const asked: string[] = []
  const forms: URLSearchParams[] = []
  const { features, ...others } = configuration
  const provider = new Provider(issuer, {
    adapter: MemoryAdapter,
    jwks: { keys: [await createSigningKey()] },
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false }, ...features },
    clients: clients.map((client) => ({
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      id_token_signed_response_alg: 'ES256',
      ...client,
    })),
    ttl: { ClientCredentials: 600 },
    ...others,
  })
  const answer = provider.callback()
  server.on('request', (request, response) => {
    asked.push(`${request.method} ${request.url}`)
    let body = ''
    // Seen on the way: the server reads the same stream.
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('utf8')
    })
    request.on('end', () => {
      if (request.method === 'POST') forms.push(new URLSearchParams(body))
    })
    answer(request, response)
  })
  return {
    issuer,
    asked,
    forms,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function createSigningKey(): Promise<Record<string, unknown>> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const { privateKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  return { ...(await crypto.subtle.exportKey('jwk', privateKey)), use: 'sig', alg: 'ES256' }
}
