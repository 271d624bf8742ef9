import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A token endpoint that issues `MARKED-token-1`, `MARKED-token-2` and so on to the client `robot`. */
export interface TokenServer {
  readonly origin: string
  readonly granted: readonly string[]
}

export const clientSecret = 'MARKED-secret-of-robot'

/**
 * Starts a token endpoint on loopback, until the test ends.
 *
 * @param lifetime seconds
 * @param delay milliseconds before each response
 */
export async function startTokenServer({
  lifetime = 3600,
  delay = 0,
}: {
  readonly lifetime?: number
  readonly delay?: number
} = {}): Promise<TokenServer> {
  const granted: string[] = []
  const expected = `Basic ${Buffer.from(`robot:${clientSecret}`).toString('base64')}`
  const server = createServer((incoming, outgoing) => {
    incoming.resume().on('end', () => {
      if (incoming.headers.authorization !== expected) {
        outgoing.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}')
        return
      }
      const token = `MARKED-token-${granted.length + 1}`
      granted.push(token)
      const body = JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: lifetime })
      setTimeout(() => outgoing.writeHead(200, { 'content-type': 'application/json' }).end(body), delay)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, granted }
}

/**
 * A configuration file with the client `acme` of a token server.
 *
 * @param more other members of the provider, in TypeScript
 */
export function configurationOf({ origin }: TokenServer, more = ''): string {
  return `export default { clients: { acme: {
    provider: { name: 'acme', tokenEndpoint: '${origin}/token', ${more} },
    credentials: { clientId: 'robot', clientSecret: '${clientSecret}' },
  } } }`
}
