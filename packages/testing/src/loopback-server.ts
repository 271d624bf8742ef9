import { createServer, type RequestListener } from 'node:http'

/** A server on 127.0.0.1. */
export interface LoopbackServer {
  /** For example `http://127.0.0.1:1234`. */
  readonly origin: string
  /** Stops at once and closes all connections. */
  close(): Promise<void>
}

/** Listens on `port` of the loopback interface; 0 chooses a free port. */
export async function startLoopbackServer(port: number, listener: RequestListener): Promise<LoopbackServer> {
  const server = createServer(listener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server reported no port.')
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        // An error here only reports that the server was closed already.
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
