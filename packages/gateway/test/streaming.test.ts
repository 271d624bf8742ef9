import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { lines, sendRaw } from './send-raw.ts'
import { startTrial } from './start-trial.ts'

describe('streaming', () => {
  it('an event reaches the caller before the API sends the next one, and a silent head reaches it alone', async () => {
    const next: (() => void)[] = []
    await using trial = await startTrial({
      api: (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
        let count = 0
        const send = (): void => {
          count += 1
          response.write(`data: ${count}\n\n`)
        }
        next.push(send)
        return true
      },
    })
    const response = await fetch(`${trial.url}/orders/events`)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    for (const count of [1, 2, 3]) {
      next[0]?.()
      expect(await reader?.read()).toEqual({ done: false, value: `data: ${count}\n\n` })
    }
    await reader?.cancel()
  })

  it('a body reaches the API piece by piece, before the caller has sent all of it', async () => {
    const pieces: string[] = []
    let onPiece = Promise.withResolvers<void>()
    await using trial = await startTrial({
      api: (request, response) => {
        request.on('data', (chunk: Buffer) => {
          pieces.push(String(chunk))
          onPiece.resolve()
        })
        request.on('end', () => response.end('done'))
        return true
      },
    })
    const { hostname, port } = new URL(trial.url)
    const socket = connect({ host: hostname, port: Number(port) })
    socket.write(lines('POST /orders/a HTTP/1.1', 'Host: 127.0.0.1', 'Transfer-Encoding: chunked', 'Connection: close'))
    for (const piece of ['one', 'two']) {
      onPiece = Promise.withResolvers<void>()
      socket.write(`3\r\n${piece}\r\n`)
      await onPiece.promise
    }
    expect(pieces.join('')).toBe('onetwo')
    const answer = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(String(chunk))))
    socket.write('0\r\n\r\n')
    expect(await answer).toContain('200 OK')
    socket.destroy()
  })

  it('a caller that does not read holds the API back, and the gateway buffers little', async () => {
    const chunk = Buffer.alloc(65_536, 1)
    let sent = 0
    let isHeldBack = false
    const heldBack = Promise.withResolvers<void>()
    await using trial = await startTrial({
      api: (_request, response) => {
        const pump = (): void => {
          while (sent < 4096) {
            sent += 1
            if (!response.write(chunk)) {
              const timeout = setTimeout(() => {
                isHeldBack = true
                heldBack.resolve()
              }, 1000)
              response.once('drain', () => {
                clearTimeout(timeout)
                pump()
              })
              return
            }
          }
          response.end()
          heldBack.resolve()
        }
        pump()
        return true
      },
    })
    const { hostname, port } = new URL(trial.url)
    const socket: Socket = connect({ host: hostname, port: Number(port) })
    socket.write(lines('GET /orders/large HTTP/1.1', 'Host: 127.0.0.1', 'Connection: close'))
    socket.pause()
    await heldBack.promise
    expect(isHeldBack).toBe(true)
    expect(sent).toBeLessThan(1024)
    let bytes = 0
    await new Promise<void>((resolve) => {
      socket.on('data', (data: Buffer) => {
        bytes += data.byteLength
      })
      socket.on('close', () => resolve())
      socket.resume()
    })
    expect(bytes).toBeGreaterThan(4096 * 65_536)
  })

  it('holds little of a large body that passes in both directions', async () => {
    const size = 64 * 1024 * 1024
    await using trial = await startTrial({
      upstream: { maxBodyBytes: size },
      api: (request, response) => {
        request.pipe(response)
        return true
      },
    })
    const chunk = new Uint8Array(64 * 1024)
    let sent = 0
    let received = 0
    let held = 0
    const body = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        held = Math.max(held, sent - received)
        if (sent === size) return controller.close()
        sent += chunk.length
        controller.enqueue(chunk.slice())
      },
    })
    const response = await fetch(`${trial.url}/orders/a`, { method: 'POST', body, duplex: 'half' } as RequestInit)
    for await (const part of response.body ?? []) received += part.length
    expect(received).toBe(size)
    // The buffers of six sockets; a gateway that collects the body would hold all of it.
    expect(held).toBeLessThan(size / 2)
  })
})

describe('WebSocket connections', () => {
  async function startEcho() {
    const seen: Record<string, unknown>[] = []
    const server = createServer((_request, response) => response.writeHead(400).end())
    server.on('upgrade', (request, socket) => {
      seen.push({ url: request.url, ...request.headers })
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: x\r\nset-cookie: a=b\r\n\r\n',
      )
      socket.on('data', (chunk: Buffer) => socket.write(`echo ${chunk}`))
      socket.on('error', () => {})
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    return { url: `http://127.0.0.1:${port}`, seen, close: () => server.close() }
  }
  const handshake = [
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    'Authorization: Bearer mine',
  ]

  it('carry the token on the handshake, and bytes in both directions', async () => {
    const echo = await startEcho()
    await using trial = await startTrial({ provider: { api: `${echo.url}/base` }, upstream: { websocket: true } })
    const { hostname, port } = new URL(trial.url)
    const socket = connect({ host: hostname, port: Number(port) })
    const read = (): Promise<string> => new Promise((resolve) => socket.once('data', (chunk) => resolve(String(chunk))))
    socket.write(lines('GET /orders/chat?a=b HTTP/1.1', ...handshake))
    const head = await read()
    expect(head).toMatch(/^HTTP\/1\.1 101 .*\r\n/)
    expect(head).toContain('sec-websocket-accept: x')
    expect(head).not.toContain('set-cookie')
    socket.write('hello')
    expect(await read()).toBe('echo hello')
    expect(echo.seen).toEqual([
      expect.objectContaining({ url: '/base/chat?a=b', authorization: expect.stringMatching(/^Bearer ey/) }),
    ])
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    await trial.gateway.close({ timeout: 0 })
    await closed
    expect(trial.audit).toEqual([expect.objectContaining({ status: 101, bytesIn: 5, bytesOut: 10, attempts: 1 })])
    echo.close()
  })

  it.each([
    ['where the upstream does not permit them', {}, handshake, 403],
    ['of a web page', { websocket: true }, [...handshake, 'Origin: https://evil.example'], 403],
    ['on a path that leaves its prefix', { websocket: true }, handshake, 400],
    ['that the API refuses', { websocket: true }, handshake, 502],
  ])('%s are refused', async (name, upstream, headers, status) => {
    await using trial = await startTrial({ upstream })
    const path = name.includes('path') ? '/orders/../chat' : '/orders/chat'
    const answer = await sendRaw(trial.url, lines(`GET ${path} HTTP/1.1`, ...headers))
    expect(answer.status).toBe(status)
    expect(answer.head).toContain('nightlatch-error')
  })

  it('another protocol is no upgrade: the request is forwarded as usual', async () => {
    await using trial = await startTrial()
    const headers = [
      'Host: 127.0.0.1',
      'Connection: Upgrade, HTTP2-Settings, close',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABk',
    ]
    const answer = await sendRaw(trial.url, lines('GET /orders/a HTTP/1.1', ...headers))
    expect(answer.status).toBe(200)
  })
})
