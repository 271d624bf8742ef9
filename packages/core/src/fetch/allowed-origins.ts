import type { Provider } from '../acquire/provider.ts'
import { NightlatchError, withLabel } from '../errors.ts'
import { clientFields, type Emit } from '../events.ts'
import { isLoopback } from '../platform/url-mistakes.ts'

/** The origins that a client's tokens may go to: the API's own, the provider's `apiOrigins`, and those of discovered APIs (rule H1). */
export class AllowedOrigins {
  readonly #parts: AllowedOriginsParts
  readonly #isDeclared: OriginCheck
  readonly #discovered = new Set<string>()

  /**
   * @param allowInsecureRequests whether a token may go over http to another machine
   * @param own the API's own origin. Default: that of the provider's `api`, if it is a URL
   */
  constructor(
    parts: AllowedOriginsParts,
    allowInsecureRequests: boolean,
    own: string | undefined = apiOriginOf(parts.provider),
  ) {
    const { apiOrigins = [] } = parts.provider
    this.#parts = parts
    this.#isDeclared = createOriginCheck(own === undefined ? apiOrigins : [own, ...apiOrigins], allowInsecureRequests)
  }

  /** Whether a token may go to a URL. */
  allows(url: URL): boolean {
    return this.#isDeclared(url) || this.#discovered.has(url.origin)
  }

  /** Allows the origin of an API that was discovered. */
  add(api: URL): void {
    this.#discovered.add(api.origin)
  }

  /** Creates the error for a URL whose origin is not allowed, and emits its event. */
  refuse(url: URL): NightlatchError {
    const { provider, emit, label } = this.#parts
    const { name } = provider
    const refusal = new NightlatchError('origin_refused', describeForeignOrigin(provider, url), { provider: name })
    const error = withLabel(refusal, label)
    emit({ type: 'origin.refused', ...clientFields(name, label), origin: url.origin, error })
    return error
  }
}

export interface AllowedOriginsParts {
  readonly provider: Provider
  readonly emit: Emit
  /** The client's label, if it has one. */
  readonly label?: string | undefined
}

/**
 * Creates the check of `origins` for addresses as text. The last allowed origin is cached with a slash after it: an address that
 * begins with both has that origin, so it is not parsed.
 *
 * @returns whether a token may go to an address
 * @throws TypeError if the address is not a URL, as `fetch` does
 */
export function cacheOrigin(origins: Pick<AllowedOrigins, 'allows'>): (address: string) => boolean {
  let known: string | undefined
  return (address) => {
    if (known !== undefined && address.startsWith(known)) return true
    const url = new URL(address)
    if (!origins.allows(url)) return false
    known = `${url.origin}/`
    return true
  }
}

type OriginCheck = (url: URL) => boolean

/**
 * Creates a check of whole origins: scheme, host and port must match. `*` in a pattern stands for one label.
 *
 * @param patterns origins in the form of a provider's `apiOrigins`
 * @param allowInsecureRequests whether a token may go over http to another machine
 */
function createOriginCheck(patterns: readonly string[], allowInsecureRequests: boolean): OriginCheck {
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

function apiOriginOf({ api }: Provider): string | undefined {
  return api === undefined || typeof api === 'function' ? undefined : new URL(api).origin
}

function describeForeignOrigin({ name, api }: Provider, { origin, protocol }: URL): string {
  const own =
    api === undefined
      ? ''
      : typeof api === 'function'
        ? ", or use the API's own origin, which is allowed once client.api() or client.info() has discovered it"
        : `, or use the API's own origin (${new URL(api).origin})`
  const scheme =
    protocol === 'http:' ? ' An http origin is allowed only on a loopback address or with `allowInsecureRequests`.' : ''
  return `${name}: ${origin} is not an allowed origin for this token. Add it to the provider's \`apiOrigins\`${own}.${scheme}`
}
