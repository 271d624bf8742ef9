import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Assembly, Emulation, Route } from './emulation.ts'
import { type Answer, createFaultQueue, type FaultQueue, type Faults } from './faults.ts'
import { type LoopbackServer, startLoopbackServer } from './loopback-server.ts'
import { printAs } from './printing.ts'
import { type Part, type RecordedRequest, recordRequest } from './recorded-request.ts'
import { faultyAnswer, sendAnswer } from './send-answer.ts'

/** An emulated provider on loopback sockets; prints with its secrets redacted. */
export interface Emulator extends AsyncDisposable {
  /** The origin of the provider's token endpoint, for example `http://127.0.0.1:1234`. */
  readonly url: string
  /** All requests received so far, at any of the emulator's origins, in order of arrival. */
  readonly requests: readonly RecordedRequest[]
  /** The faults, which can be changed while the emulator runs. */
  readonly faults: Faults
  /** Resolves to the first recorded request that `matches`, now or later; rejects when the emulator closes. */
  waitForRequest(matches?: (request: RecordedRequest) => boolean): Promise<RecordedRequest>
  /** Removes the recorded requests. */
  clearRequests(): void
  /** Stops at once and closes all connections. */
  close(): Promise<void>
}

/** Options of `startEmulator`. */
export interface EmulatorOptions {
  /** Port of the emulator's first origin; default: a free port. */
  readonly port?: number
}

/**
 * Starts an emulated provider on 127.0.0.1.
 *
 * @param emulation the provider, for example `prevu3dEmulation()`
 * @param options the port; default a free one
 * @returns the emulator; close it by `await using` or `close()`
 * @example
 * ```ts
 * await using emulator = await startEmulator(prevu3dEmulation())
 * await using client = createClient(prevu3d({ cloudApiUrl: emulator.url }), { credentials: emulator.credentials })
 * emulator.faults.set('token', { name: 'error', status: 503 }, { times: 1 })
 * await client.token()
 * ```
 */
export async function startEmulator<Offers extends object>(
  emulation: Emulation<Offers>,
  options: EmulatorOptions = {},
): Promise<Emulator & Offers> {
  const requests: RecordedRequest[] = []
  const waiting = new Set<{ onRequest(request: RecordedRequest): void; onClose(): void }>()
  const servers = new Map<string, LoopbackServer>()

  // The emulation requires the servers' addresses, so it is built after they listen.
  let running: { assembly: Assembly<Offers>; faultQueue: FaultQueue } | undefined

  const handle = async (name: string, incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(incoming)
    const origin = servers.get(name)?.origin
    if (running === undefined || origin === undefined) return void response.writeHead(503).end()
    const { assembly, faultQueue } = running
    const { now } = emulation

    // Concatenated, because `new URL('//v1', origin)` would read the path as a host.
    const url = new URL(incoming.url?.startsWith('/') ? `${origin}${incoming.url}` : (incoming.url ?? '/'), origin)
    const found = assembly.routes.filter((route) => route.origin === origin && route.path.test(url.pathname))
    const route = found.find(({ method }) => method === undefined || method === incoming.method)
    const request = recordRequest({
      time: now(),
      method: incoming.method ?? 'GET',
      url,
      part: (route ?? found[0])?.part,
      headers: readHeaders(incoming),
      body,
      secrets: assembly.secrets,
    })
    requests.push(request)
    for (const waiter of waiting) waiter.onRequest(request)

    const fault = request.part === undefined ? undefined : faultQueue.take(request.part, request)
    const atStart = fault !== undefined && 'at' in fault ? (fault.at ?? 'start') === 'start' : true
    if (fault?.name === 'hang' && atStart) return
    if (fault?.name === 'reset' && atStart) return void response.socket?.resetAndDestroy()

    let answer: Answer
    try {
      const replaced = fault && (await faultyAnswer(fault, request, now()))
      if (replaced !== undefined) answer = replaced
      else if (route === undefined) answer = notFound(found)
      else {
        const groups = route.path.exec(url.pathname)?.slice(1) ?? []
        answer = await route.answer(request, { groups, fault })
      }
    } catch (error) {
      // A function of the test threw: the client gets a 500 whose body has the reason.
      answer = {
        status: 500,
        body: `The emulation failed: ${error instanceof Error ? error.message : error}`,
      }
    }
    await sendAnswer(response, answer, fault, now())
  }

  const close = async (): Promise<void> => {
    for (const waiter of waiting) waiter.onClose()
    await Promise.all([...servers.values()].map((server) => server.close()))
  }

  try {
    for (const name of ['', ...emulation.otherOrigins]) {
      const port = name === '' ? (options.port ?? 0) : 0
      const server = await startLoopbackServer(port, (incoming, response) => {
        // Only the connection can fail here, which the client detects itself.
        handle(name, incoming, response).catch(() => response.destroy())
      })
      servers.set(name, server)
    }
    const origin = (name: string): string => {
      const server = servers.get(name)
      if (server === undefined) throw new TypeError(`The emulation '${emulation.name}' has no origin '${name}'.`)
      return server.origin
    }
    const url = origin('')
    const assembly = await emulation.build({ url, origin })
    const faultQueue = createFaultQueue({
      name: emulation.name,
      parts: partsOf(assembly.routes),
      issuedTokens: () => assembly.tokens.issued,
      tokenNumber: (request) => assembly.tokens.numberOf(request),
    })
    running = { assembly, faultQueue }

    const emulator: Emulator = {
      url,
      requests,
      faults: faultQueue.faults,
      waitForRequest: (matches = () => true) =>
        new Promise((resolve, reject) => {
          const recorded = requests.find(matches)
          if (recorded !== undefined) return resolve(recorded)
          const waiter = {
            onRequest(request: RecordedRequest): void {
              if (!matches(request)) return
              waiting.delete(waiter)
              resolve(request)
            },
            onClose(): void {
              waiting.delete(waiter)
              reject(new Error('The emulator was closed before a matching request arrived.'))
            },
          }
          waiting.add(waiter)
        }),
      clearRequests() {
        requests.length = 0
      },
      close,
      [Symbol.asyncDispose]: close,
    }
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(assembly.offers))) {
      // Not enumerable, so that test runners print no credentials.
      Object.defineProperty(emulator, name, { ...descriptor, enumerable: false })
    }
    return printAs(emulator as Emulator & Offers, () => ({ emulation: emulation.name, url, requests: [...requests] }))
  } catch (error) {
    await close()
    throw error
  }
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function readHeaders(incoming: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  return headers
}

/** The response to an unknown path (404), or to an unknown method of a known path (405). */
function notFound(routes: readonly Route[]): Answer {
  if (routes.length === 0) return { status: 404, body: 'Not Found' }
  return {
    status: 405,
    headers: { allow: routes.map(({ method }) => method).join(', ') },
    body: 'Method Not Allowed',
  }
}

function partsOf(routes: readonly Route[]): Map<Part, Set<string>> {
  const parts = new Map<Part, Set<string>>()
  for (const { part, shows = [] } of routes) {
    if (part !== undefined) parts.set(part, new Set([...(parts.get(part) ?? []), ...shows]))
  }
  return parts
}
