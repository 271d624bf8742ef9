import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createSecureServer, type Http2ServerResponse } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { type Client, type ClientEvent, type ClientOptions, createClient, type Provider } from '@nightlatch/core'

/** A request as it came over the wire. */
interface Received {
  readonly method: string
  readonly target: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly version: string
  readonly connection: number
}

export type Answer = (request: Received, response: ServerResponse | Http2ServerResponse) => void | Promise<void>

/**
 * A real server on loopback that is authorization server and API in one: `POST /token` grants `token-1`, `token-2` and so on;
 * everything else answers 401 to a token that is revoked, and what it was asked in JSON to all else.
 */
export interface Loopback extends AsyncDisposable {
  readonly origin: string
  /** All but those to the token endpoint. */
  readonly requests: Received[]
  readonly grants: Received[]
  readonly revoked: Set<string>
  readonly connections: number
  /** Stands in place of the answers above, by path; the query does not count. */
  readonly answers: Map<string, Answer>
  close(): Promise<void>
}

export async function startLoopback(tls?: { readonly key: string; readonly cert: string }): Promise<Loopback> {
  const requests: Received[] = []
  const grants: Received[] = []
  const revoked = new Set<string>()
  const answers = new Map<string, Answer>()
  const sockets = new Set<Socket>()
  let connections = 0
  const numbers = new WeakMap<object, number>()

  const respond = async (request: Received, response: ServerResponse | Http2ServerResponse): Promise<void> => {
    const path = request.target.split('?')[0] ?? ''
    if (path === '/token') grants.push(request)
    else requests.push(request)
    const answer = answers.get(path)
    if (answer !== undefined) return await answer(request, response)
    if (path === '/token') {
      sendJson(response, 200, { access_token: `token-${grants.length}`, token_type: 'Bearer', expires_in: 3600 })
      return
    }
    const token = request.headers.authorization?.replace(/^Bearer /, '')
    if (token !== undefined && revoked.has(token)) sendJson(response, 401, { error: 'revoked', path })
    else sendJson(response, 200, { path, method: request.method, body: request.body, token: token ?? null })
  }

  const listen = (
    incoming: {
      readonly method?: string | undefined
      readonly url?: string | undefined
      readonly headers: IncomingHttpHeaders
      readonly httpVersion: string
      readonly socket: object
      on(event: 'data' | 'end', listener: (chunk: Buffer) => void): unknown
    },
    response: ServerResponse | Http2ServerResponse,
    connection: number,
  ): void => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      void respond(
        {
          method: incoming.method ?? '',
          target: incoming.url ?? '',
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString(),
          version: incoming.httpVersion,
          connection,
        },
        response,
      )
    })
  }

  const count = (socket: Socket): void => {
    connections += 1
    numbers.set(socket, connections)
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }
  const server =
    tls === undefined
      ? createServer((incoming, response) => listen(incoming, response, numbers.get(incoming.socket) ?? 0))
      : createSecureServer({ ...tls, allowHTTP1: true }, (incoming, response) => listen(incoming as never, response, 0))
  server.on(tls === undefined ? 'connection' : 'secureConnection', count)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    grants,
    revoked,
    answers,
    get connections() {
      return connections
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

export function sendJson(
  response: ServerResponse | Http2ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body)
  const all = { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(text)}`, ...headers }
  ;(response as ServerResponse).writeHead(status, all).end(text)
}

/** Redirects. */
export function redirect(location: string, status = 302): Answer {
  return (_request, response) => {
    ;(response as ServerResponse).writeHead(status, { location, 'content-length': '0' }).end()
  }
}

/** A client whose token endpoint and API are on that server. */
export function clientOf(
  { origin }: Loopback,
  provider: Partial<Provider> = {},
  options: Partial<ClientOptions> = {},
): { readonly client: Client; readonly events: ClientEvent[] } {
  const events: ClientEvent[] = []
  const client = createClient(
    { name: 'loopback', tokenEndpoint: `${origin}/token`, api: `${origin}/api`, ...provider },
    {
      credentials: { clientId: 'robot', clientSecret: 'not to be seen' },
      onEvent: (event) => events.push(event),
      ...options,
    },
  )
  return { client, events }
}
