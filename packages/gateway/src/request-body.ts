import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** The body of a request, on its way to the API. */
export interface RequestBody {
  /** `undefined`: none. A buffer can be sent again. */
  readonly content: Buffer | StreamedBody | undefined
  /** What the caller said, for a streamed body. */
  readonly contentLength: string | undefined
}

/** A body that is larger than the upstream permits. */
export class BodyTooLarge extends Error {}

/** The caller went away before its body was complete. */
export class BodyAborted extends Error {}

/** A body of unknown or large size. It reads from the caller as fast as the API takes it, and leaves the caller's connection alone. */
export class StreamedBody extends Readable {
  readonly #request: IncomingMessage
  readonly #maxBytes: number
  #copy: Buffer[] | undefined
  /** How much was read. */
  bytes = 0
  #isComplete = false

  /** @param replayBytes up to this size, a copy is kept */
  constructor(request: IncomingMessage, maxBytes: number, replayBytes: number) {
    super()
    this.#request = request
    this.#maxBytes = maxBytes
    this.#copy = []
    request.on('data', (chunk: Buffer) => this.#take(chunk, replayBytes))
    request.on('end', () => {
      this.#isComplete = true
      this.push(null)
    })
    request.on('close', () => {
      if (!this.#isComplete) this.destroy(new BodyAborted('the caller went away'))
    })
    request.pause()
  }

  /** The whole body, if all of it was read and a copy was kept. */
  get copy(): Buffer | undefined {
    return this.#isComplete && this.#copy !== undefined ? Buffer.concat(this.#copy) : undefined
  }

  override _read(): void {
    this.#request.resume()
  }

  #take(chunk: Buffer, replayBytes: number): void {
    if (this.destroyed) return
    this.bytes += chunk.byteLength
    if (this.bytes > this.#maxBytes) {
      this.destroy(new BodyTooLarge('the body is larger than the upstream permits'))
      return
    }
    if (this.bytes > replayBytes) this.#copy = undefined
    this.#copy?.push(chunk)
    if (!this.push(chunk)) this.#request.pause()
  }
}

/** Whether a request has a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return (length !== undefined && length !== '0') || headers['transfer-encoding'] !== undefined
}

/** Reads a whole body of known, small size. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    let isComplete = false
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength
      if (bytes > maxBytes) {
        request.removeAllListeners('data')
        reject(new BodyTooLarge('the body is too large'))
        return
      }
      chunks.push(chunk)
    })
    request.on('end', () => {
      isComplete = true
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks))
    })
    request.on('close', () => {
      if (!isComplete) reject(new BodyAborted('the caller went away'))
    })
  })
}

/** Opens a body: reads a small one, so that it can be sent again, and streams another one. */
export async function openBody(request: IncomingMessage, maxBytes: number, replayBytes: number): Promise<RequestBody> {
  const contentLength = request.headers['content-length']
  const length = contentLength === undefined ? undefined : Number(contentLength)
  if (length !== undefined && length > maxBytes) throw new BodyTooLarge('the body is larger than the upstream permits')
  if (length !== undefined && length <= replayBytes) {
    return { content: await readBody(request, maxBytes), contentLength: undefined }
  }
  return { content: new StreamedBody(request, maxBytes, length === undefined ? replayBytes : 0), contentLength }
}
