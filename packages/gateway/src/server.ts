import { chmod, lstat, unlink } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { NightlatchError } from '@nightlatch/core'
import { problem, writeProblem } from './problem.ts'
import type { ValidAddress, ValidTls } from './valid-configuration.ts'

/** Limits on what a connection may take, against clients that send slowly (slow loris). */
const serverOptions: ServerOptions & { shouldUpgradeCallback?: (request: IncomingMessage) => boolean } = {
  insecureHTTPParser: false,
  requireHostHeader: false,
  headersTimeout: 10_000,
  requestTimeout: 300_000,
  connectionsCheckingInterval: 1000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 32_768,
  noDelay: true,
  // A request for another protocol, such as h2c, is answered as a usual one.
  shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
}

/** A server on one address. */
export class ListeningServer {
  readonly server: Server | TlsServer
  #address: ValidAddress
  readonly #sockets = new Set<Socket>()

  constructor(address: ValidAddress, onRequest: RequestListener) {
    this.#address = address
    const tls = address.kind === 'host' ? address.tls : undefined
    this.server =
      tls === undefined
        ? createServer(serverOptions, onRequest)
        : createTlsServer({ ...serverOptions, ...tlsOptions(tls) }, onRequest)
    this.server.on('clientError', (failure: NodeJS.ErrnoException, socket: Socket) => refuseMalformed(failure, socket))
    this.server.on('connect', (_request, socket) => {
      const refusal = problem('method_not_allowed', 'CONNECT is not supported', { headers: { allow: 'GET, POST' } })
      endWith(socket as Socket, writeRaw(405, writeProblem(refusal)))
    })
    this.server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  /** Begins to listen. */
  async listen(): Promise<void> {
    const address = this.#address
    if (address.kind === 'socket') await removeStaleSocket(address.path)
    const { server } = this
    await new Promise<void>((resolve, reject) => {
      server.once('error', (failure: NodeJS.ErrnoException) => reject(cannotListen(address, failure)))
      server.once('listening', resolve)
      if (address.kind === 'host') server.listen({ host: address.host, port: address.port })
      else if (address.kind === 'socket') server.listen({ path: address.path })
      else server.listen({ fd: address.descriptor })
    })
    server.removeAllListeners('error')
    server.on('error', () => {})
    if (address.kind === 'socket') await chmod(address.path, address.mode)
  }

  /** Whether this server can serve an address of a new configuration, perhaps with other certificates or another file mode. */
  serves(other: ValidAddress): boolean {
    const own = this.#address
    if (own.kind === 'host' && other.kind === 'host') {
      const isSameTls = (own.tls === undefined) === (other.tls === undefined)
      const isSameAuthority = (own.tls?.clientAuthority === undefined) === (other.tls?.clientAuthority === undefined)
      return this.isAt(other) && isSameTls && isSameAuthority
    }
    if (own.kind === 'socket' && other.kind === 'socket') return own.path === other.path
    return own.kind === 'descriptor' && other.kind === 'descriptor' && own.descriptor === other.descriptor
  }

  /** Whether this server listens where an address does, although it may be unable to serve it. */
  isAt(other: ValidAddress): boolean {
    const own = this.#address
    if (own.kind !== 'host' || other.kind !== 'host' || own.host !== other.host) return false
    const bound = this.server.address() as AddressInfo | null
    return own.port === other.port || bound?.port === other.port
  }

  /** Uses the certificates of a new configuration for new connections, and the file mode of a socket. */
  async update(address: ValidAddress): Promise<void> {
    if (address.kind === 'socket') {
      await chmod(address.path, address.mode).catch((failure) => Promise.reject(cannotListen(address, failure)))
    }
    this.#address = address
    if (address.kind === 'host' && address.tls !== undefined && 'setSecureContext' in this.server) {
      this.server.setSecureContext(tlsOptions(address.tls))
    }
  }

  get url(): string | undefined {
    const bound = this.server.address() as AddressInfo | string | null
    if (bound === null || typeof bound === 'string') return undefined
    const isTls = this.#address.kind === 'host' && this.#address.tls !== undefined
    const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address
    return `${isTls ? 'https' : 'http'}://${host}:${bound.port}`
  }

  get socket(): string | undefined {
    const bound = this.server.address()
    return typeof bound === 'string' ? bound : undefined
  }

  /** Refuses new connections; resolves when the last one is closed. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.server.listening) this.server.close(() => resolve())
      else resolve()
    })
  }

  /** Closes the connections that have no request, as those that had one become idle. */
  closeIdle(): void {
    this.server.closeIdleConnections()
    // Node counts a connection without any byte as one that begins a request.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy()
  }

  /** Closes all connections, upgraded ones included. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

function tlsOptions({ certificate, key, clientAuthority }: ValidTls): object {
  return {
    cert: certificate,
    key,
    ...(clientAuthority !== undefined && { ca: clientAuthority }),
    requestCert: clientAuthority !== undefined,
    // A caller without a certificate may have a key. The code that reads a certificate checks that it is verified.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
  }
}

/** A socket that a killed process left behind would make it impossible to listen. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isSocket() !== true) return
  const isServed = await new Promise<boolean>((resolve) => {
    const probe = connect({ path })
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
  if (!isServed) await unlink(path).catch(() => {})
}

function cannotListen(address: ValidAddress, { code = 'unknown error' }: NodeJS.ErrnoException): NightlatchError {
  const where =
    address.kind === 'host'
      ? `${address.host}:${address.port}`
      : address.kind === 'socket'
        ? address.path
        : `file descriptor ${address.descriptor}`
  const hint = code === 'EADDRINUSE' ? ' Another program listens there: stop it, or change `listen`.' : ''
  return new NightlatchError('invalid_options', `The gateway cannot listen on ${where} (${code}).${hint}`)
}

/** Answers what Node's parser rejects, and clients that send too slowly. */
function refuseMalformed({ code }: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  const refusal = problem('request_invalid', 'The request is malformed, or was sent too slowly', { status })
  // With part of a response on its way, an answer would be read as the rest of it.
  if (socket.bytesWritten > 0) socket.destroy()
  else endWith(socket, writeRaw(status, writeProblem(refusal)))
}

/** Writes a response for which Node has no response object. */
function writeRaw(
  status: number,
  { body, headers }: { readonly body: string; readonly headers: Readonly<Record<string, string>> },
): string {
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${reasons[status] ?? 'Error'}\r\n${lines.join('')}\r\n${body}`
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

/** Sends a last answer on a connection. */
function endWith(socket: Socket, text: string): void {
  socket.on('error', () => {})
  socket.end(text)
  // Without reading on, the connection would be reset before the answer is read.
  socket.resume()
  const timeout = setTimeout(() => socket.destroy(), 1000)
  socket.once('close', () => clearTimeout(timeout))
}
