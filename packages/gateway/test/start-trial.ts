import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Writable } from 'node:stream'
import type { Provider } from '@nightlatch/core'
import {
  type StandardEmulationOptions,
  type StandardEmulator,
  standardEmulation,
  startEmulator,
} from '@nightlatch/testing'
import { createGateway, type Gateway, type GatewayConfiguration, type Upstream } from '../src/index.ts'

/** A request as the API got it. */
interface Received {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  readonly body: string
}

/** An API, an authorization server, and a gateway in front of them, all on real sockets. */
export interface Trial extends AsyncDisposable {
  readonly gateway: Gateway
  /** The main listener. */
  readonly url: string
  readonly adminUrl: string
  readonly emulator: StandardEmulator
  readonly apiUrl: string
  /** What the API got. */
  readonly received: Received[]
  /** Tokens that the API rejects from now on. */
  readonly rejected: Set<string>
  /** The lines of the audit log. */
  readonly audit: AuditLine[]
  readonly config: GatewayConfiguration
  /** The token requests so far. */
  grants(): number
}

type AuditLine = Readonly<Record<string, unknown>>

export interface TrialOptions {
  /** Members of the configuration, in addition to or instead of the trial's. */
  readonly config?: Partial<GatewayConfiguration>
  /** Members of the upstream `orders`. */
  readonly upstream?: Partial<Upstream>
  /** Answers the API's requests; default: an echo. `undefined` from it: the echo. */
  readonly api?: (request: IncomingMessage, response: ServerResponse) => boolean | undefined
  readonly emulation?: StandardEmulationOptions
  /** Members of the client `orders`, in addition to or instead of the trial's. */
  readonly client?: Readonly<Record<string, unknown>>
  /** Members of its provider. */
  readonly provider?: Partial<Provider>
  readonly now?: () => number
  /** Called before the gateway starts. */
  readonly prepare?: (emulator: StandardEmulator) => void
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** A key of a caller, and its digest for the configuration. */
export const key = 'nlk_powerbi_0123456789abcdef0123456789abcdef'
export const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`

export async function startTrial({
  config = {},
  upstream = {},
  api,
  emulation,
  client = {},
  provider = {},
  prepare,
  now,
}: TrialOptions = {}): Promise<Trial> {
  const emulator = await startEmulator(standardEmulation(emulation))
  prepare?.(emulator)
  const received: Received[] = []
  const rejected = new Set<string>()
  const server = await startServer((request, response) => {
    const token = request.headers.authorization?.replace(/^Bearer /, '')
    if (token === undefined || rejected.has(token)) {
      request.resume()
      response.writeHead(401, { 'www-authenticate': 'Bearer realm="secret-realm"' }).end('unauthorized')
      return
    }
    if (api?.(request, response) === true) return
    readAll(request).then(
      (body) => {
        const { method = '', url = '', headers, rawHeaders } = request
        received.push({ method, url, headers, rawHeaders, body })
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ method, url, body }))
      },
      () => response.destroy(),
    )
  })
  const audit: AuditLine[] = []
  const whole: GatewayConfiguration = {
    clients: {
      orders: {
        provider: { name: 'acme', tokenEndpoint: emulator.tokenEndpoint, api: `${server.url}/v2`, ...provider },
        credentials: emulator.credentials,
        ...client,
      },
    },
    listen: [{ port: 0 }],
    admin: { port: 0 },
    upstreams: {
      orders: { client: 'orders', allow: [{ callers: '*', methods, paths: ['/**'] }], ...upstream },
    },
    ...config,
  }
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().split('\n')) if (line !== '') audit.push(JSON.parse(line) as AuditLine)
      done()
    },
  })
  const gateway = await createGateway(whole, { audit: output, ...(now !== undefined && { now }) })
  const urlOf = (listener: 'main' | 'admin'): string =>
    gateway.addresses.find((address) => address.listener === listener)?.url ?? ''
  return {
    gateway,
    url: urlOf('main'),
    adminUrl: urlOf('admin'),
    emulator,
    apiUrl: server.url,
    received,
    rejected,
    audit,
    config: whole,
    grants: () => emulator.requests.filter(({ part }) => part === 'token').length,
    async [Symbol.asyncDispose]() {
      await gateway.close({ timeout: 1 })
      await server.close()
      await emulator.close()
    },
  }
}

/** A server on a free port of the loopback. */
export async function startServer(
  listener: RequestListener,
  port = 0,
): Promise<{ url: string; port: number; close(): Promise<void> }> {
  const server = createServer(listener)
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
