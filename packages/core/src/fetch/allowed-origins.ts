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
  const wild: RegExp[] = []
  for (const pattern of patterns) {
    if (pattern.includes('*')) wild.push(toExpression(pattern))
    else exact.add(new URL(pattern).origin)
  }
  return (url) => {
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && (allowInsecureRequests || isLoopback(url))))
      return false
    return exact.has(url.origin) || wild.some((expression) => expression.test(url.origin))
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

/** A pattern has at least two fixed labels after its `*`: see provider.ts. */
function toExpression(pattern: string): RegExp {
  // A URL parser brings the pattern into the form `URL.origin` has; `*` is no host, so a label stands in for it.
  const { origin } = new URL(pattern.replaceAll('*', 'any-label'))
  const source = origin.replace(/[.[\]]/g, '\\$&').replaceAll('any-label', '[a-z0-9-]+')
  return new RegExp(`^${source}$`)
}
