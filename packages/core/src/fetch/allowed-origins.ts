import { isLoopback } from '../platform/validation.ts'

/** Whether a token may go to a URL. */
export type OriginCheck = (url: URL) => boolean

/**
 * A check of whole origins (rule H1): scheme, host and port must all match. `*` in a pattern stands for one label.
 *
 * @param patterns origins, as a provider's `apiOrigins` holds them
 * @param allowInsecureRequests whether a token may travel over http to another machine
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
 * The same check for addresses as text. The origin that passed last is known by its text: whatever follows the slash after an
 * origin belongs to the path, so such an address needs no parsing.
 *
 * @returns whether a token may go there
 * @throws TypeError where the address is no URL, as `fetch` does
 */
export function rememberOrigin(mayReceiveToken: OriginCheck): (address: string) => boolean {
  let known: string | undefined
  return (address) => {
    if (known !== undefined && address.startsWith(known)) return true
    const url = new URL(address)
    if (!mayReceiveToken(url)) return false
    known = `${url.origin}/`
    return true
  }
}

/** A pattern has its `*` in front, and at least two fixed labels behind them: see provider.ts. */
function createPatternCheck(pattern: string): OriginCheck {
  const parts = pattern.split('*.')
  // Without its `*`, a pattern is an origin, which the URL parser brings into the form that `URL` has.
  const { protocol, hostname, port } = new URL(parts.join(''))
  const end = `.${hostname}`
  return (url) => {
    if (url.protocol !== protocol || url.port !== port || !url.hostname.endsWith(end)) return false
    const labels = url.hostname.slice(0, -end.length).split('.')
    return labels.length === parts.length - 1 && labels.every((label) => /^[a-z0-9-]+$/.test(label))
  }
}
