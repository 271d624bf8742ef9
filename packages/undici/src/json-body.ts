import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import type { Dispatcher } from 'undici'

type ResponseHeaders = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2]

const decoders = { gzip: gunzipSync, deflate: inflateSync, br: brotliDecompressSync }

/** Whether a response may be JSON; some servers send JSON as text or without a content type (rule R6). */
export function mayBeJson(status: number, headers: ResponseHeaders): boolean {
  if (status < 200) return false
  const type = firstOf(headers['content-type'])?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return ['', 'application/json', 'text/json', 'text/plain'].includes(type) || type.endsWith('+json')
}

/** Whether a body may be JSON judging by its first bytes; true for compressed ones, because they cannot be judged. */
export function beginsAsJson(chunk: Buffer, headers: ResponseHeaders): boolean {
  if (headers['content-encoding'] !== undefined) return true
  const start = chunk.toString('latin1').trimStart()
  return start === '' || start.startsWith('{') || start.startsWith('[')
}

/** Parses a JSON body, decompressed to at most `maxOutputLength` bytes; `undefined` for anything else. */
export function parseJson(chunks: readonly Buffer[], headers: ResponseHeaders, maxOutputLength: number): unknown {
  const encoding = firstOf(headers['content-encoding'])?.trim().toLowerCase() ?? 'identity'
  const bytes = Buffer.concat(chunks)
  try {
    if (encoding === 'identity') return JSON.parse(bytes.toString())
    const decode = Object.hasOwn(decoders, encoding) ? decoders[encoding as keyof typeof decoders] : undefined
    return decode && JSON.parse(decode(bytes, { maxOutputLength }).toString())
  } catch {
    return undefined
  }
}

function firstOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0]
}
