import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'

/** A Kafka broker on a loopback socket that authenticates clients, and knows no topics. */
export interface KafkaBroker extends AsyncDisposable {
  readonly address: string
  /** The tokens that clients presented, in order. */
  readonly tokens: readonly string[]
  /** How many requests for metadata clients made after they authenticated. */
  readonly served: () => number
}

const apiKeys = { metadata: 3, saslHandshake: 17, apiVersions: 18, saslAuthenticate: 36 }

/**
 * Speaks the part of Kafka's protocol that a client needs to authenticate by OAUTHBEARER and to read metadata.
 *
 * @param sessionLifetime milliseconds after which a client must authenticate again
 * @see {@link https://kafka.apache.org/protocol Kafka protocol guide}
 */
export async function startKafkaBroker(
  accepts: (token: string) => Promise<boolean>,
  sessionLifetime: number,
): Promise<KafkaBroker> {
  const tokens: string[] = []
  const sockets = new Set<Socket>()
  let served = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    let buffered: Buffer = Buffer.alloc(0)
    let isAuthenticated = false
    let work = Promise.resolve()

    const answer = async (request: Buffer): Promise<void> => {
      const key = request.readInt16BE(0)
      const version = request.readInt16BE(2)
      const body = request.subarray(10 + request.readInt16BE(8))
      const reply = (...parts: readonly Buffer[]): void => {
        const payload = Buffer.concat([request.subarray(4, 8), ...parts])
        socket.write(Buffer.concat([int32(payload.length), payload]))
      }
      if (key === apiKeys.apiVersions) {
        const supported = Object.values(apiKeys).flatMap((one) => [int16(one), int16(0), int16(1)])
        reply(int16(0), int32(4), ...supported, ...(version > 0 ? [int32(0)] : []))
      } else if (key === apiKeys.saslHandshake) {
        reply(int16(readText(body) === 'OAUTHBEARER' ? 0 : 33), int32(1), text('OAUTHBEARER'))
      } else if (key === apiKeys.saslAuthenticate) {
        const [, after = ''] = body.subarray(4).toString().split('auth=Bearer ')
        const [token = ''] = after.split('\u0001')
        tokens.push(token)
        isAuthenticated = await accepts(token)
        const failure = isAuthenticated ? [int16(0), int16(-1)] : [int16(58), text('the token is not valid')]
        reply(...failure, int32(0), ...(version > 0 ? [int64(sessionLifetime)] : []))
      } else if (isAuthenticated) {
        served += 1
        const { port } = server.address() as AddressInfo
        const broker = [int32(1), int32(0), text('127.0.0.1'), int32(port)]
        reply(...broker, ...(version > 0 ? [int16(-1), int32(0)] : []), int32(0))
      } else {
        socket.destroy()
      }
    }

    socket.on('data', (data) => {
      buffered = Buffer.concat([buffered, data as Buffer])
      while (buffered.length >= 4 && buffered.length >= 4 + buffered.readInt32BE(0)) {
        const end = 4 + buffered.readInt32BE(0)
        const request = buffered.subarray(4, end)
        buffered = buffered.subarray(end)
        work = work.then(() => answer(request))
      }
    })
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    tokens,
    served: () => served,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2)
  buffer.writeInt16BE(value)
  return buffer
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeInt32BE(value)
  return buffer
}

function int64(value: number): Buffer {
  const buffer = Buffer.alloc(8)
  buffer.writeBigInt64BE(BigInt(value))
  return buffer
}

/** A text with its length. */
function text(value: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])
}

function readText(buffer: Buffer): string {
  return buffer.subarray(2, 2 + buffer.readInt16BE(0)).toString()
}
