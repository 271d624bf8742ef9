import type { IncomingMessage } from 'node:http'
import { type Problem, problem } from './problem.ts'

/** Hosts that a listener without callers serves, so that a web page cannot reach it by a name of its own (DNS rebinding). */
const loopbackHosts = ['127.0.0.1', '[::1]', 'localhost']

/** Creates the set of hosts that a listener without callers serves. */
export function toHostSet(hosts: readonly string[]): ReadonlySet<string> {
  return new Set([...loopbackHosts, ...hosts.map((host) => host.toLowerCase())])
}

/**
 * Refuses what Node's parser lets through: two `Host` headers, an invalid `Host`, a chunked body in HTTP/1.0, an unknown
 * transfer coding, another version than 1.0 and 1.1.
 *
 * @param hosts the hosts to serve; `undefined`: any, because each caller proves who it is
 */
export function checkRequest(request: IncomingMessage, hosts: ReadonlySet<string> | undefined): Problem | undefined {
  const { rawHeaders, httpVersionMajor, httpVersionMinor } = request
  if (httpVersionMajor !== 1 || httpVersionMinor > 1) return invalid('the version of HTTP is not 1.0 or 1.1')
  let host: string | undefined
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    const { length } = name
    if (length === 4 && name.toLowerCase() === 'host') {
      if (host !== undefined) return invalid('the request has more than one Host header')
      host = rawHeaders[at + 1] as string
    } else if (length === 17 && name.toLowerCase() === 'transfer-encoding') {
      if (httpVersionMinor === 0) return invalid('HTTP/1.0 has no Transfer-Encoding')
      if ((rawHeaders[at + 1] as string).toLowerCase() !== 'chunked')
        return invalid('the only transfer coding is chunked')
    } else if (hosts !== undefined && length === 6 && name.toLowerCase() === 'origin') {
      return problem('not_allowed', 'A web page cannot call this gateway: the request has an Origin header')
    } else if (hosts !== undefined && length === 14 && name.toLowerCase() === 'sec-fetch-site') {
      if (rawHeaders[at + 1] === 'cross-site') {
        return problem('not_allowed', 'A web page cannot call this gateway: Sec-Fetch-Site is cross-site')
      }
    }
  }
  if (host === undefined) {
    if (httpVersionMinor === 0 && hosts === undefined) return undefined
    return invalid('the request has no Host header')
  }
  if (!isHost(host)) return invalid('the Host header is invalid')
  if (hosts === undefined || hosts.has(host) || hosts.has(hostNameOf(host))) return undefined
  return problem('not_allowed', 'This host is not served. Add it to `hosts` in the configuration of the gateway')
}

function invalid(detail: string): Problem {
  return problem('request_invalid', `The request is malformed: ${detail}`)
}

function hostNameOf(host: string): string {
  const colon = host.lastIndexOf(':')
  const hasPort = colon > 0 && colon > host.lastIndexOf(']')
  return (hasPort ? host.slice(0, colon) : host).toLowerCase()
}

/** A name, an IPv4 address or an IPv6 address in brackets, with or without a port (RFC 9110 section 7.2). */
function isHost(host: string): boolean {
  const isBracketed = host.startsWith('[')
  const nameEnd = isBracketed ? host.indexOf(']') + 1 : host.includes(':') ? host.indexOf(':') : host.length
  if (nameEnd === 0) return false
  for (let at = isBracketed ? 1 : 0; at < (isBracketed ? nameEnd - 1 : nameEnd); at += 1) {
    const code = host.charCodeAt(at)
    const isAlphanumeric = (code >= 48 && code <= 57) || (code >= 97 && code <= 122) || (code >= 65 && code <= 90)
    // A dot, a hyphen and an underscore; in brackets a colon, too.
    if (!isAlphanumeric && code !== 46 && code !== 45 && code !== 95 && !(isBracketed && code === 58)) return false
  }
  if (nameEnd === host.length) return true
  if (host.charCodeAt(nameEnd) !== 58 || host.length - nameEnd > 6) return false
  for (let at = nameEnd + 1; at < host.length; at += 1) {
    const code = host.charCodeAt(at)
    if (code < 48 || code > 57) return false
  }
  return true
}
