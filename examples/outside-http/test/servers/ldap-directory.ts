import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'

/** A directory on a loopback socket, which a database asks about passwords. */
export interface LdapDirectory extends AsyncDisposable {
  readonly port: number
}

/**
 * Answers LDAP's simple bind, so that a server that checks passwords by LDAP accepts tokens.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc4511#section-4.2 RFC 4511 section 4.2}
 */
export async function startLdapDirectory(accepts: (password: string) => Promise<boolean>): Promise<LdapDirectory> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let buffered: Buffer = Buffer.alloc(0)
    socket.on('data', (data) => {
      buffered = Buffer.concat([buffered, data as Buffer])
      const message = readElement(buffered, 0)
      if (message === undefined) return
      buffered = buffered.subarray(message.end)
      const id = readElement(message.value, 0)
      const operation = readElement(message.value, id?.end ?? 0)
      if (id === undefined || operation?.tag !== tags.bindRequest) {
        socket.end()
        return
      }
      const version = readElement(operation.value, 0)
      const name = readElement(operation.value, version?.end ?? 0)
      const password = readElement(operation.value, name?.end ?? 0)?.value.toString() ?? ''
      void accepts(password).then((isValid) => {
        const code = Buffer.from([0x0a, 1, isValid ? 0 : 49, 4, 0, 4, 0])
        const response = Buffer.from([tags.bindResponse, code.length, ...code])
        socket.write(
          Buffer.from([0x30, 2 + id.value.length + response.length, 2, id.value.length, ...id.value, ...response]),
        )
      })
    })
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const tags = { bindRequest: 0x60, bindResponse: 0x61 }

/** Reads one element of BER; `undefined` if it has not arrived whole. */
function readElement(
  buffer: Buffer,
  start: number,
): { readonly tag: number; readonly value: Buffer; readonly end: number } | undefined {
  const first = buffer[start + 1]
  if (first === undefined) return undefined
  const octets = first < 0x80 ? 0 : first & 0x7f
  if (buffer.length < start + 2 + octets) return undefined
  const length = octets === 0 ? first : buffer.readUIntBE(start + 2, octets)
  const begin = start + 2 + octets
  if (buffer.length < begin + length) return undefined
  return { tag: buffer[start] ?? 0, value: buffer.subarray(begin, begin + length), end: begin + length }
}
