/**
 * The authorization server and the API of the benchmark, on loopback, in a process of its own: as little as will do, so that
 * what is measured is the client. A token says itself when it ends, so nothing is looked up.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Stall, watchStalls } from './stalls.ts'

/** How the token endpoint behaves from now on. */
export interface Behaviour {
  /** Seconds. */
  readonly lifetime: number
  /** Milliseconds before the token is issued, and after. */
  readonly delayBefore: number
  readonly delayAfter: number
  /** 503 at once; or no answer at all. */
  readonly fault: 'none' | '503' | 'hang'
}

/** What has been asked since the last `reset`. */
export interface Counts {
  readonly grants: number
  /** Requests to the token endpoint, answered or not. */
  readonly tokenRequests: number
  readonly unauthorized: number
  /** When the server stood still. */
  readonly stalls: readonly Stall[]
}

export const wellBehaved: Behaviour = { lifetime: 3600, delayBefore: 0, delayAfter: 0, fault: 'none' }

/** Characters of every token. */
export const tokenLength = 256

export interface BenchmarkServer {
  readonly origin: string
  close(): Promise<void>
}

export async function startServer(): Promise<BenchmarkServer> {
  let behaviour = wellBehaved
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
    const endsAt = Number.parseInt(request.headers.authorization?.slice('Bearer '.length) ?? '', 10)
    if (Date.now() < endsAt) return void response.writeHead(200, { 'content-length': 2 }).end('{}')
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
  // A connection that waits for the next round is not to be closed under its client.
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
