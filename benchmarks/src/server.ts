/**
 * The benchmark's authorization server and API, in a separate process and minimal, so that mostly the client is measured. A
 * token contains its expiry, so the API needs no lookup.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import { type Stall, watchStalls } from './stalls.ts'

/** The behaviour of the token endpoint. */
export interface Behaviour {
  /** Lifetime of tokens, in seconds. */
  readonly lifetime: number
  /** Delays before and after the token is issued, in milliseconds. */
  readonly delayBefore: number
  readonly delayAfter: number
  /** `'503'`: responds with 503 at once; `'hang'`: never responds. */
  readonly fault: 'none' | '503' | 'hang'
}

/** Requests since the last reset. */
export interface Counts {
  readonly grants: number
  /** All requests to the token endpoint, including those without a response. */
  readonly tokenRequests: number
  readonly unauthorized: number
  /** When the server's event loop was blocked. */
  readonly stalls: readonly Stall[]
}

export const defaultBehaviour: Behaviour = { lifetime: 3600, delayBefore: 0, delayAfter: 0, fault: 'none' }

/** Length of every token in characters. */
export const tokenLength = 256

export interface BenchmarkServer {
  readonly origin: string
  close(): Promise<void>
}

export async function startServer(): Promise<BenchmarkServer> {
  let behaviour = defaultBehaviour
  let counts = { grants: 0, tokenRequests: 0, unauthorized: 0 }
  let issued = 0
  const watch = watchStalls()

  const answerToken = async (response: ServerResponse): Promise<void> => {
    counts.tokenRequests += 1
    const { fault, lifetime, delayBefore, delayAfter } = behaviour
    if (fault === 'hang') return
    if (fault === '503') return void response.writeHead(503).end()
    if (delayBefore > 0) await pause(delayBefore)
    issued += 1
    counts.grants += 1
    const access_token = `${Date.now() + lifetime * 1000}.${issued}.`.padEnd(tokenLength, 'x')
    if (delayAfter > 0) await pause(delayAfter)
    answerJson(response, { access_token, token_type: 'Bearer', expires_in: lifetime })
  }

  const answerApi = (request: IncomingMessage, response: ServerResponse): void => {
    const expiresAt = Number.parseInt(request.headers.authorization?.slice('Bearer '.length) ?? '', 10)
    if (Date.now() < expiresAt) {
      const [, bytes] = /^\/api\/bytes\/(\d+)$/.exec(request.url ?? '') ?? []
      if (bytes !== undefined) sendBytes(response, Number(bytes))
      else response.writeHead(200, { 'content-length': 2 }).end('{}')
      return
    }
    counts.unauthorized += 1
    response.writeHead(401, { 'content-length': 0 }).end()
  }

  const server = createServer(async (request, response) => {
    const body = await readBody(request)
    if (request.url === '/token') return void (await answerToken(response))
    if (request.url?.startsWith('/api/')) return answerApi(request, response)
    if (request.url === '/behaviour') behaviour = JSON.parse(body)
    if (request.url === '/reset') counts = { grants: 0, tokenRequests: 0, unauthorized: 0 }
    const since = request.url === '/counts' ? watch.stalls.slice(-1000) : []
    answerJson(response, { ...counts, stalls: since })
  })
  // Connections must stay open between rounds.
  server.keepAliveTimeout = 600_000
  server.listen(0, '127.0.0.1', 4096)
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        watch.stop()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Sends a body of zeros as fast as the reader takes it. */
function sendBytes(response: ServerResponse, bytes: number): void {
  response.writeHead(200, { 'content-length': bytes })
  const piece = Buffer.alloc(64 * 1024)
  const pieces = function* (): Generator<Buffer> {
    for (let left = bytes; left > 0; left -= piece.byteLength) yield piece.subarray(0, Math.min(left, piece.byteLength))
  }
  pipeline(Readable.from(pieces()), response, () => undefined)
}

function answerJson(response: ServerResponse, value: unknown): void {
  const text = JSON.stringify(value)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text)
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += chunk
  return body
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

if (process.send !== undefined && import.meta.main) {
  const { origin } = await startServer()
  process.send(origin)
  process.once('disconnect', () => process.exit())
}
