import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PlatformRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly form: URLSearchParams
}

export interface PlatformResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON. */
  readonly body?: string | object
}

/** A real HTTP server on 127.0.0.1 that records its requests. */
export interface PlatformServer {
  readonly origin: string
  readonly requests: readonly PlatformRequest[]
  /** The next requests get these responses, in order, instead of the platform's own. */
  respondNext(...responses: readonly PlatformResponse[]): void
  close(): Promise<void>
}

/** @param respond how the platform responds, by its documentation */
export async function startPlatformServer(
  respond: (request: PlatformRequest) => PlatformResponse | Promise<PlatformResponse>,
): Promise<PlatformServer> {
  const requests: PlatformRequest[] = []
  const next: PlatformResponse[] = []
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://127.0.0.1')
    const request: PlatformRequest = {
      method: incoming.method ?? '',
      path: pathname,
      query: searchParams,
      headers: incoming.headers,
      form: new URLSearchParams(Buffer.concat(chunks).toString('utf8')),
    }
    requests.push(request)
    const { status, headers = {}, body = '' } = next.shift() ?? (await respond(request))
    const isText = typeof body === 'string'
    const type = isText ? 'text/html' : 'application/json'
    outgoing.writeHead(status, { 'content-type': type, ...headers }).end(isText ? body : JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    respondNext: (...responses) => void next.push(...responses),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
