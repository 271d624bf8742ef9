import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { ActiveUpstream } from './active-configuration.ts'
import type { AuditEntry } from './audit-log.ts'
import { toForwardedHeaders, toReturnedHeaders } from './forwarded-headers.ts'
import { joinPath, type RequestTarget } from './request-target.ts'

/** An accepted connection to the API. */
export interface AcceptedUpgrade {
  readonly headers: readonly (string | string[])[]
  readonly socket: Duplex
}

/** Asks the API for a WebSocket connection, with the client's token on the handshake. */
export async function requestUpgrade(
  request: IncomingMessage,
  upstream: ActiveUpstream,
  { path, query }: RequestTarget,
  entry: AuditEntry,
): Promise<AcceptedUpgrade> {
  const base = upstream.client.base ?? (await upstream.client.findBase())
  entry.attempts += 1
  const { headers, socket } = await upstream.client.dispatcher.upgrade({
    origin: base.origin,
    path: joinPath(base.pathname, path) + query,
    method: 'GET',
    protocol: 'websocket',
    headers: toForwardedHeaders(request, upstream.forwarded),
    headersTimeout: upstream.timeout * 1000,
  } as Dispatcher.UpgradeOptions)
  entry.tokenAge = upstream.client.tokenAge
  return { headers: toReturnedHeaders(headers as Record<string, string | string[] | undefined>), socket }
}

/** Joins the two connections; each ends with the other. */
export function join(
  caller: Duplex,
  head: Buffer,
  { headers, socket }: AcceptedUpgrade,
  entry: AuditEntry,
  onEnd: () => void,
): void {
  const lines: string[] = []
  for (let at = 0; at < headers.length; at += 2) {
    for (const value of [headers[at + 1]].flat()) lines.push(`${headers[at]}: ${value}\r\n`)
  }
  caller.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n${lines.join('')}\r\n`)
  if (head.byteLength > 0) socket.write(head)
  entry.status = 101
  caller.on('data', (chunk: Buffer) => {
    entry.bytesIn += chunk.byteLength
  })
  socket.on('data', (chunk: Buffer) => {
    entry.bytesOut += chunk.byteLength
  })
  let isEnded = false
  const end = (): void => {
    caller.destroy()
    socket.destroy()
    if (!isEnded) onEnd()
    isEnded = true
  }
  for (const side of [caller, socket]) side.on('error', end).on('close', end)
  caller.pipe(socket)
  socket.pipe(caller)
}
