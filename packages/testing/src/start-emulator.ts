import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Assembly, Emulation, Route } from './emulation.ts'
import { type Answer, createFaultBoard, type FaultBoard, type Faults } from './faults.ts'
import { type LoopbackServer, startLoopbackServer } from './loopback-server.ts'
import { printAs } from './printing.ts'
import { type Part, type RecordedRequest, recordRequest } from './recorded-request.ts'
import { faultyAnswer, sendAnswer } from './send-answer.ts'

/** A provider on loopback sockets; prints without the secrets that it holds. */
export interface Emulator extends AsyncDisposable {
  /** The origin that stands for the provider's token host, as `http://127.0.0.1:1234`. */
  readonly url: string
  /** Every request that arrived so far, at any of the emulator's origins, in the order of arrival. */
  readonly requests: readonly RecordedRequest[]
  /** What goes wrong; settable while the emulator runs. */
  readonly faults: Faults
  /** Resolves to the first recorded request that `matches`, once there is one; rejects when the emulator closes. */
  waitForRequest(matches?: (request: RecordedRequest) => boolean): Promise<RecordedRequest>
  /** Forgets the recorded requests. */
  clearRequests(): void
  /** Stops at once, whatever is under way: hanging requests are cut off. */
  close(): Promise<void>
}

/** How an emulator is started. */
export interface EmulatorOptions {
  /** The port of the emulator's first origin; default: a free one. */
  readonly port?: number
}

/**
 * Starts servers on 127.0.0.1 that answer as the emulated provider does.
 *
 * @param emulation the provider, as `prevu3dEmulation()`
 * @returns the emulator, to be closed by `await using` or `close()`
 * @example
 * await using emulator = await startEmulator(prevu3dEmulation())
 * emulator.faults.set('token', { name: 'error', status: 503 }, { times: 1 })
 */
export async function startEmulator<Offers extends object>(
  emulation: Emulation<Offers>,
  options: EmulatorOptions = {},
): Promise<Emulator & Offers> {
  const requests: RecordedRequest[] = []
  const waiting = new Set<{ heard(request: RecordedRequest): void; closed(): void }>()
  const servers = new Map<string, LoopbackServer>()

  // The servers must listen before the emulation can be built, as it speaks of their addresses.
  let running: { assembly: Assembly<Offers>; board: FaultBoard } | undefined

  const hear = async (name: string, incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(incoming)
    const origin = servers.get(name)?.origin
    if (running === undefined || origin === undefined) return void response.writeHead(503).end()
    const { assembly, board } = running
    const { now } = emulation

    // Joined as text: to `new URL('//v1', origin)` the path would be a host.
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
    for (const waiter of waiting) waiter.heard(request)

    const fault = request.part === undefined ? undefined : board.take(request.part, request)
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
      // A test's own function failed: the client sees a broken server, and the test can read why.
      answer = {
        status: 500,
        body: `The emulation could not answer: ${error instanceof Error ? error.message : error}`,
      }
    }
    await sendAnswer(response, answer, fault, now())
  }

  const close = async (): Promise<void> => {
    for (const waiter of waiting) waiter.closed()
    await Promise.all([...servers.values()].map((server) => server.close()))
  }

  try {
    for (const name of ['', ...emulation.otherOrigins]) {
      const port = name === '' ? (options.port ?? 0) : 0
      const server = await startLoopbackServer(port, (incoming, response) => {
        // What fails here is the connection, which the client notices by itself.
        hear(name, incoming, response).catch(() => response.destroy())
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
    const board = createFaultBoard({
      name: emulation.name,
      parts: partsOf(assembly.routes),
      issuedTokens: () => assembly.tokens.issued,
      tokenNumber: (request) => assembly.tokens.numberOf(request),
    })
    running = { assembly, board }

    const emulator: Emulator = {
      url,
      requests,
      faults: board.faults,
      waitForRequest: (matches = () => true) =>
        new Promise((resolve, reject) => {
          const heard = requests.find(matches)
          if (heard !== undefined) return resolve(heard)
          const waiter = {
            heard(request: RecordedRequest): void {
              if (!matches(request)) return
              waiting.delete(waiter)
              resolve(request)
            },
            closed(): void {
              waiting.delete(waiter)
              reject(new Error('The emulator was closed before the request came.'))
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
      // Not enumerable: a test runner that prints an emulator field by field comes upon no credentials.
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

/** 404, or 405 where the path is known and the method is not. */
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
