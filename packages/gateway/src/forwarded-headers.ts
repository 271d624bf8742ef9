import type { IncomingMessage } from 'node:http'

/** Headers of a request that are not forwarded, besides those that `Connection` names and those of the prefixes below. */
const droppedFromRequests: ReadonlySet<string> = new Set([
  // They belong to one connection (RFC 9110 section 7.6.1); undici writes those of its own connection.
  'connection',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  // They prove who the caller is, to this gateway only.
  'authorization',
  'cookie',
  'dpop',
  'x-token-request',
  // A caller could claim another caller's address with it.
  'forwarded',
  // Some frameworks read the path from these, which is another one than the rules judged.
  'x-original-url',
  'x-rewrite-url',
])

/** Headers of a response that are not handed on, besides those that `Connection` names and `Proxy-*`. */
const droppedFromResponses: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  // They name realms, scopes and sessions between this gateway and the API.
  'set-cookie',
  'www-authenticate',
  'authentication-info',
  'dpop-nonce',
  // It says that the gateway answers, so that no API can claim it.
  'nightlatch-error',
])

/**
 * The headers of a request that are forwarded, as alternating names and values.
 *
 * @param addsForwarded whether `X-Forwarded-For`, `-Proto` and `-Host` of the gateway's own are added
 */
export function toForwardedHeaders({ rawHeaders, socket }: IncomingMessage, addsForwarded: boolean): string[] {
  const named = namedByConnection(rawHeaders)
  const forwarded: string[] = []
  let host = ''
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase()
    if (name === 'host') host = rawHeaders[at + 1] as string
    if (isDropped(name) || named?.has(name) === true) continue
    // Programs behind CGI or WSGI cannot tell `X_Forwarded_For` from `X-Forwarded-For`.
    if (name.includes('_') && isDropped(name.replaceAll('_', '-'))) continue
    forwarded.push(name, rawHeaders[at + 1] as string)
  }
  if (addsForwarded) {
    const { remoteAddress } = socket
    if (remoteAddress !== undefined) forwarded.push('x-forwarded-for', remoteAddress)
    forwarded.push('x-forwarded-proto', 'encrypted' in socket ? 'https' : 'http', 'x-forwarded-host', host)
  }
  return forwarded
}

function isDropped(name: string): boolean {
  if (droppedFromRequests.has(name)) return true
  if (name.charCodeAt(0) === 120) return name.startsWith('x-forwarded-')
  return name.charCodeAt(0) === 112 && name.startsWith('proxy-')
}

/** The names in all `Connection` headers, in lower case; `undefined` if there are none. */
function namedByConnection(rawHeaders: readonly string[]): ReadonlySet<string> | undefined {
  let named: Set<string> | undefined
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue
    named = readNames(rawHeaders[at + 1] as string, named)
  }
  return named
}

function readNames(value: string, known: Set<string> | undefined): Set<string> | undefined {
  // By far the most frequent values name no header.
  if (value === 'keep-alive' || value === 'close') return known
  const named = known ?? new Set()
  for (const name of value.split(',')) named.add(name.trim().toLowerCase())
  return named
}

/** The headers of a response that are handed on, as alternating names and values, which Node writes fastest. */
export function toReturnedHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): (string | string[])[] {
  const returned: (string | string[])[] = []
  const { connection } = headers
  const named = connection === undefined ? undefined : readNames(String(connection), undefined)
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (value === undefined || droppedFromResponses.has(name) || named?.has(name) === true) continue
    if (name.charCodeAt(0) === 112 && name.startsWith('proxy-')) continue
    returned.push(name, value)
  }
  return returned
}
