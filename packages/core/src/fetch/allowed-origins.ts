import { isLoopback } from '../platform/validation.ts'

/** Whether a token may go to a URL. */
export type OriginCheck = (url: URL) => boolean

/**
 * Creates a check of whole origins: scheme, host and port must match (rule H1). `*` in a pattern stands for one label.
 *
 * @param patterns origins in the form of a provider's `apiOrigins`
 * @param allowInsecureRequests whether a token may go over http to another machine
 */
export function createOriginCheck(patterns: readonly string[], allowInsecureRequests: boolean): OriginCheck {
  const exact = new Set<string>()
  const wild: OriginCheck[] = []
  for (const pattern of patterns) {
    if (pattern.includes('*')) wild.push(createPatternCheck(pattern))
    else exact.add(new URL(pattern).origin)
  }
  return (url) => {
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && (allowInsecureRequests || isLoopback(url))))
      return false
    return exact.has(url.origin) || wild.some((matches) => matches(url))
  }
}

/**
 * Creates the same check for addresses as text. The last allowed origin is cached with a slash after it: an address that begins
 * with both has that origin, so it is not parsed.
 *
 * @returns whether a token may go to an address
 * @throws TypeError if the address is not a URL, as `fetch` does
 */
export function cacheOrigin(mayReceiveToken: OriginCheck): (address: string) => boolean {
  let known: string | undefined
  return (address) => {
    if (known !== undefined && address.startsWith(known)) return true
    const url = new URL(address)
    if (!mayReceiveToken(url)) return false
    known = `${url.origin}/`
    return true
  }
}

/** A pattern has its `*` labels first and at least two fixed labels after them; provider.ts checks that. */
function createPatternCheck(pattern: string): OriginCheck {
  const parts = pattern.split('*.')
  // Without its `*`, a pattern is an origin, which the URL parser normalises.
  const { protocol, hostname, port } = new URL(parts.join(''))
  const end = `.${hostname}`
  return (url) => {
    if (url.protocol !== protocol || url.port !== port || !url.hostname.endsWith(end)) return false
    const labels = url.hostname.slice(0, -end.length).split('.')
    return labels.length === parts.length - 1 && labels.every((label) => /^[a-z0-9-]+$/.test(label))
  }
}
