import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A token endpoint on loopback: each grant is another token. */
export interface TokenEndpoint extends AsyncDisposable {
  readonly url: string
  /** The members of the fleet that asked for a scope, in the order they asked. */
  askersOf(scope: string): readonly number[]
  /** Seconds a token lives. */
  lifetime: number
  /** Seconds after which the answer wants the token replaced. */
  refreshIn: number | undefined
  /** Milliseconds a grant takes. */
  delay: number
  /** No grant is answered before it. */
  until: Promise<void> | undefined
}

export async function startTokenEndpoint(): Promise<TokenEndpoint> {
  const askers = new Map<string, number[]>()
  const endpoint: Omit<TokenEndpoint, 'url' | 'askersOf' | typeof Symbol.asyncDispose> = {
    lifetime: 3600,
    refreshIn: undefined,
    delay: 50,
    until: undefined,
  }
  let granted = 0
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const scope = new URLSearchParams(body).get('scope') ?? ''
    askers.set(scope, [...(askers.get(scope) ?? []), Number(request.headers['x-member'])])
    const { lifetime, refreshIn, delay, until } = endpoint
    await new Promise((resolve) => setTimeout(resolve, delay))
    await until
    granted += 1
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({
        access_token: `token-${granted}`,
        token_type: 'Bearer',
        expires_in: lifetime,
        refresh_in: refreshIn,
        scope,
      }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return Object.assign(endpoint, {
    url: `http://127.0.0.1:${port}/token`,
    askersOf: (scope: string) => askers.get(scope) ?? [],
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  })
}
