import { hostNetworkOf } from './host-network.ts'

/** Why a secret or a token must not go to this URL, as the end of a sentence; `undefined` if it may. */
export function findUrlMistake(value: string | URL, allowInsecureRequests: boolean): string | undefined {
  if (String(value).length > maxUrlLength) return `must be ${maxUrlLength} characters at most`
  if (!URL.canParse(value)) return 'must be an absolute URL'
  const url = new URL(value)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be an https URL'
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or a password'
  if (url.hash !== '') return 'must not have a fragment'
  if (url.protocol === 'http:' && !allowInsecureRequests && !isLoopback(url)) {
    return 'must be https: every machine on the way can read what http carries (allowInsecureRequests permits it for a test network)'
  }
  return undefined
}

/**
 * Returns why a client must not follow a URL that a server names. Besides a mistake of any URL, this is an address or a local name,
 * unless the server itself is in such a place. Otherwise a server could make its clients send requests, and their secrets, to
 * machines that only the clients can reach.
 *
 * @param value the URL that the server names
 * @param server where the client found the server
 * @returns the end of a sentence that begins with the URL's name; `undefined` if the client can follow the URL
 * @example
 * ```ts
 * const server = new URL('https://login.acme.example')
 * const mistake = findNamedUrlMistake('http://10.0.0.1/token', server, false)
 * if (mistake !== undefined) throw new Error(`token_endpoint ${mistake}`)
 * ```
 */
export function findNamedUrlMistake(
  value: string | URL,
  server: URL,
  allowInsecureRequests: boolean,
): string | undefined {
  const mistake = findUrlMistake(value, allowInsecureRequests)
  if (mistake !== undefined) return mistake
  const url = new URL(value)
  const place = hostNetworkOf(url)
  if (place === 'name' || url.hostname === server.hostname) return undefined
  if (place !== 'reserved' && place === hostNetworkOf(server)) return undefined
  return `must not lead to ${placesInWords[place]}, because ${server.hostname} is not there itself`
}

/**
 * Whether a URL's host is this machine, where others cannot read plain http.
 *
 * @example
 * ```ts
 * isLoopback(new URL('http://127.0.0.1:8080')) // true
 * isLoopback(new URL('https://api.acme.example')) // false
 * ```
 */
export function isLoopback(url: URL): boolean {
  return hostNetworkOf(url) === 'loopback'
}

/** No server accepts a longer URL, and code that parses one may be slow. */
const maxUrlLength = 8192

const placesInWords = {
  loopback: 'this machine',
  'link-local': 'a link-local address',
  private: 'an address of a private network',
  shared: 'an address of a private network',
  'unique-local': 'an address of a private network',
  reserved: 'a reserved address',
  address: 'an IP address',
  'local-name': 'a host of a local network',
} as const
