import type { IncomingHttpHeaders, RequestListener, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { getDefaultHighWaterMark } from 'node:stream'

/** A request as it came over the wire. */
interface ReceivedRequest {
  readonly method: string
  /** The request target, untouched: path and query. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Resolves once the connection it came over is closed. */
  readonly connectionClosed: Promise<void>
}

/** What the server does with a request. */
export type Answer = (response: ServerResponse, request: ReceivedRequest) => void

/** A real HTTP server on 127.0.0.1 that remembers what it was asked. */
export interface RecordingServer {
  readonly origin: string
  readonly requests: readonly ReceivedRequest[]
  /** The requests' only one; throws where there is none, or more than one. */
  readonly onlyRequest: ReceivedRequest
  /** Sets what the next requests are answered with, and forgets the former requests. */
  answer(next: Answer): void
  close(): Promise<void>
}

/** Starts a server that answers 204 until a test sets another answer. */
export async function startRecordingServer(tls?: {
  readonly key: string
  readonly cert: string
}): Promise<RecordingServer> {
  let requests: ReceivedRequest[] = []
  let answer: Answer = (response) => response.writeHead(204).end()
  const sockets = new Map<Socket, Promise<void>>()

  const listener: RequestListener = (incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const request: ReceivedRequest = {
        method: incoming.method ?? '',
        target: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString('utf8'),
        connectionClosed: sockets.get(incoming.socket) ?? Promise.reject(new Error('an unknown connection')),
      }
      requests.push(request)
      answer(response, request)
    })
  }
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener)
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    sockets.set(socket, closed)
    void closed.then(() => sockets.delete(socket))
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  return {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    get requests() {
      return requests
    },
    get onlyRequest() {
      const [first] = requests
      if (first === undefined || requests.length > 1) throw new Error(`${requests.length} requests instead of one`)
      return first
    },
    answer(next) {
      requests = []
      answer = next
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets.keys()) socket.destroy()
        server.closeAllConnections()
      }),
  }
}

/** Answers JSON. */
export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return text(JSON.stringify(body), status, { 'content-type': 'application/json', ...headers })
}

/** Answers text, with no content type but a given one. */
export function text(body: string, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => response.writeHead(status, headers).end(body)
}

/**
 * Answers with a body that has no end, until its reader closes the connection.
 *
 * @returns the answer, and how many bytes of it were written
 */
export function endless(): { readonly answer: Answer; readonly written: () => number } {
  let written = 0
  const chunk = Buffer.alloc(getDefaultHighWaterMark(false), 'x')
  return {
    written: () => written,
    answer(response) {
      const more = (): void => {
        while (!response.destroyed) {
          written += chunk.byteLength
          if (!response.write(chunk)) {
            response.once('drain', more)
            return
          }
        }
      }
      more()
    },
  }
}
