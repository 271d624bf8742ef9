import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Exchange } from './exchange.ts'
import { type IdentifiedRequest, notAllowed } from './identified-request.ts'
import type { MainHandler, MainParts } from './main-handler.ts'
import { type Problem, problem } from './problem.ts'
import { explainFailure } from './upstream-failure.ts'
import { join, requestUpgrade } from './websocket.ts'

/** Handles a request for a WebSocket connection, which Fastify does not see. */
export async function handleUpgrade(
  parts: MainParts,
  handler: MainHandler,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
): Promise<void> {
  socket.on('error', () => socket.destroy())
  const response = new ServerResponse(request)
  response.assignSocket(socket)
  const { active } = parts
  const exchange = new Exchange(parts, request, response, request.url ?? '')
  const refuse = (refusal: Problem): void => {
    exchange.answer({ ...refusal, headers: { ...refusal.headers, connection: 'close' } })
    socket.end()
  }
  const identified = await handler.judge(exchange, request.url ?? '', active)
  if ('code' in identified) return refuse(identified)
  const refusal = checkUpgrade(identified)
  if (refusal !== undefined) return refuse(refusal)
  const { target } = identified
  const upstream = active.upstreams.get(target.name)
  if (upstream === undefined) return
  try {
    const accepted = await requestUpgrade(request, upstream, target, exchange.entry)
    if (socket.destroyed) {
      accepted.socket.destroy()
      return
    }
    response.detachSocket(socket)
    join(socket, head, accepted, exchange.entry, () => response.emit('close'))
  } catch (failure) {
    refuse(explainFailure(failure, upstream.client, upstream.timeout))
  }
}

function checkUpgrade({ exchange, active, target, caller }: IdentifiedRequest): Problem | undefined {
  const { entry, request } = exchange
  const upstream = active.upstreams.get(target.name)
  if (upstream === undefined) {
    return problem('upstream_unknown', 'The first segment of the path names no upstream')
  }
  entry.upstream = upstream.name
  const rule = upstream.rules.find(caller, request, target.path === '' ? '/' : target.path)
  if (rule === undefined) return notAllowed(upstream, caller)
  entry.rule = rule
  if (!upstream.websocket) {
    return problem('not_allowed', `Set \`upstreams.${upstream.name}.websocket\` to permit WebSocket connections`)
  }
  if (entry.method !== 'GET' || request.headers.upgrade?.toLowerCase() !== 'websocket') {
    return problem('request_invalid', 'The only protocol that a connection can change to is websocket')
  }
  return undefined
}
