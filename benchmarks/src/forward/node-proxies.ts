/** Proxies of Node's libraries, each with a constant header and set up as its page shows. Each runs in its own process. */
import { Agent, createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startProcess } from '../start-process.ts'
import type { StartProxy } from './target.ts'

/** Starts a server that forwards to an origin with a header; resolves to its port. */
type Serve = (origin: string, authorization: string) => Promise<number>

/** Connections to the API that each proxy keeps, more than there are callers. */
const connections = 128

const serve: Readonly<Record<string, Serve>> = {
  async '@fastify/reply-from'(origin, authorization) {
    const [{ fastify }, { default: replyFrom }] = await Promise.all([import('fastify'), import('@fastify/reply-from')])
    const app = fastify()
    app.addContentTypeParser('*', (_request, _body, done) => done(null, undefined))
    await app.register(replyFrom, { base: origin, undici: { connections, pipelining: 1 }, retryMethods: [] })
    app.all('/*', (received, reply) =>
      reply.from(received.url, { rewriteRequestHeaders: (_, headers) => ({ ...headers, authorization }) }),
    )
    await app.listen({ host: '127.0.0.1', port: 0 })
    return (app.server.address() as AddressInfo).port
  },

  async 'http-proxy'(target, authorization) {
    const { default: httpProxy } = await import('http-proxy')
    const agent = new Agent({ keepAlive: true, maxSockets: connections })
    const proxy = httpProxy.createProxyServer({ target, headers: { authorization }, agent })
    return await listen((received, response) => proxy.web(received, response))
  },

  async 'http-proxy-3'(target, authorization) {
    const { createProxyServer } = await import('http-proxy-3')
    const agent = new Agent({ keepAlive: true, maxSockets: connections })
    const proxy = createProxyServer({ target, headers: { authorization }, agent })
    return await listen((received, response) => void proxy.web(received, response))
  },

  async 'node:http and undici'(origin, authorization) {
    const { Pool } = await import('undici')
    const pool = new Pool(origin, { connections, pipelining: 1 })
    return await listen((received, response) => {
      const { host: _host, connection: _connection, ...headers } = received.headers
      const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
      pool.stream(
        {
          method: received.method as 'GET',
          path: received.url ?? '/',
          headers: { ...headers, authorization },
          body: hasBody ? received : null,
        },
        ({ statusCode, headers: answered }) => response.writeHead(statusCode, answered),
        (failure) => void (failure !== null && response.destroy()),
      )
    })
  },
}

/** The names of the proxies. */
export const nodeProxies: readonly string[] = Object.keys(serve)

/** Starts one of the proxies in its own process. */
export function startNodeProxy(name: string): StartProxy {
  return async ({ origin, authorization }, nodeOptions) => {
    const started = startProcess('forward/node-proxies', [name, origin, authorization], nodeOptions)
    const port = Number(await started.next())
    return {
      apiUrl: `http://127.0.0.1:${port}/api`,
      headers: {},
      processes: () => [started.child.pid ?? 0],
      stop: () => started.stop(),
    }
  }
}

async function listen(handle: RequestListener): Promise<number> {
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

if (process.send !== undefined && import.meta.main) {
  const [name = '', origin = '', authorization = ''] = process.argv.slice(2)
  process.send((await serve[name]?.(origin, authorization)) ?? 0)
  process.once('disconnect', () => process.exit())
}
