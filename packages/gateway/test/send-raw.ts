import { connect } from 'node:net'

/** A response as it came over the wire. */
export interface RawAnswer {
  /** 0 if the connection was closed without a response. */
  readonly status: number
  readonly head: string
  readonly body: string
  /** All of it, later responses included. */
  readonly text: string
}

/** Sends bytes as they are, and reads until the gateway closes the connection. The request has to say `Connection: close`. */
export function sendRaw(url: string, ...parts: readonly string[]): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) })
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('error', (failure: NodeJS.ErrnoException) => {
      if (failure.code !== 'ECONNRESET' && failure.code !== 'EPIPE') reject(failure)
    })
    socket.on('close', () => {
      const end = text.indexOf('\r\n\r\n')
      const head = end < 0 ? text : text.slice(0, end)
      resolve({ status: Number(text.slice(9, 12)) || 0, head, body: end < 0 ? '' : text.slice(end + 4), text })
    })
    for (const part of parts) socket.write(part, 'latin1')
  })
}

/** A request with these lines, ended by an empty one. */
export function lines(...all: readonly string[]): string {
  return `${all.join('\r\n')}\r\n\r\n`
}
