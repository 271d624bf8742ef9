import { explainFailure } from '../acquire/explain-failure.ts'
import type { DiscoveredApi, DiscoveryContext, Provider } from '../acquire/provider.ts'
import type { TokenEndpoint, Transport } from '../acquire/token-endpoint.ts'
import { type Diagnostics, type DiscoveryTrace, errorKind, noDiagnostics } from '../diagnostics.ts'
import { NightlatchError, showUrl, withLabel } from '../errors.ts'
import { clientFields } from '../events.ts'
import { waitFor, withDeadline } from '../platform/deadline.ts'
import type { RequestTask } from '../platform/flight-request.ts'
import { explainNetworkFailure, readNetworkFailure } from '../platform/network-failure.ts'
import { createSingleFlight } from '../platform/single-flight.ts'
import { findUrlMistake } from '../platform/url-mistakes.ts'
import { AllowedOrigins } from './allowed-origins.ts'
import { createAuthenticatedFetch } from './authenticated-fetch.ts'
import { boundBodies } from './bounded-bodies.ts'
import type { RequestTokenParts } from './put-token.ts'

/** Finds the base URL of a provider's API. */
export interface ApiFinder<Info> {
  /**
   * Finds the API: the provider's base URL, or the one that its discovery returns. A successful discovery is cached; concurrent
   * callers share one.
   *
   * @param signal ends this caller's wait only
   * @throws NightlatchError `discovery_failed`, `origin_refused`, `timed_out`, or the error of the grant
   */
  find(signal: AbortSignal | undefined): Promise<FoundApi<Info>>
  /** Discovers again with the next call. Until then requests may still go to the API that was found. */
  forget(): void
}

/** Creates the finder. From a discovery on, the origin of the API is an allowed one. */
export function createApiFinder<Info>(parts: ApiDiscoveryParts<Info>): ApiFinder<Info> {
  const { provider, origins, label, discoveries } = parts
  let found: Promise<FoundApi<Info>> | undefined
  const flight = createSingleFlight<FoundApi<Info>>()
  const discoverNow: RequestTask<FoundApi<Info>> = async (request) => {
    try {
      const discovered = await findApi(parts)
      origins.add(discovered.baseUrl)
      if (request.cacheable) found = Promise.resolve(discovered)
      return discovered
    } catch (failure) {
      throw withLabel(explainFailure(provider, failure), label)
    }
  }
  let { forgotten } = discoveries
  const forget = (): void => {
    forgotten = discoveries.forgotten
    found = undefined
    flight.purge()
  }
  return {
    find(signal) {
      if (forgotten !== discoveries.forgotten) forget()
      return waitFor(found ?? flight.join(discoverNow), signal)
    },
    forget,
  }
}

/** The result of a discovery, with its base URL checked. */
interface FoundApi<Info> {
  readonly baseUrl: URL
  readonly info: Info
}

/** The dependencies of the discovery. */
export interface ApiDiscoveryParts<Info> extends RequestTokenParts {
  readonly provider: Provider<Info>
  /** Seconds. */
  readonly timeout: number
  readonly transport: Transport
  readonly findEndpoint: (signal: AbortSignal) => Promise<TokenEndpoint>
  /** Default: no tracing channels. */
  readonly diagnostics?: Diagnostics | undefined
  /** How often the client has dropped its discoveries, those of its views included. */
  readonly discoveries: { readonly forgotten: number }
}

async function findApi<Info>(parts: ApiDiscoveryParts<Info>): Promise<FoundApi<Info>> {
  const { api, name } = parts.provider
  if (api === undefined) {
    throw new NightlatchError(
      'discovery_failed',
      `${name}: the provider names no API. Set its \`api\`, or call client.fetch with absolute URLs in its \`apiOrigins\`.`,
      { provider: name },
    )
  }
  // Without a discovery, Info is `undefined`.
  if (typeof api !== 'function') return { baseUrl: new URL(api), info: undefined as Info }
  const { diagnostics = noDiagnostics } = parts
  const trace: DiscoveryTrace = { ...clientFields(name, parts.label), baseUrl: undefined }
  return diagnostics.trace('discovery', trace, () => discover(parts, api, trace))
}

async function discover<Info>(
  parts: ApiDiscoveryParts<Info>,
  api: (context: DiscoveryContext) => Promise<DiscoveredApi<Info>>,
  trace: DiscoveryTrace,
): Promise<FoundApi<Info>> {
  const { provider, timeout, transport, tokens, findEndpoint, emit, label } = parts
  const { name } = provider
  const client = clientFields(name, label)
  const startedAt = transport.time()
  const duration = (): number => (transport.time() - startedAt) / 1000
  const tooLate = (): NightlatchError =>
    new NightlatchError(
      'timed_out',
      `${name}: the API's discovery did not finish within ${timeout} s (options.timeout)`,
      {
        provider: name,
        retryable: true,
      },
    )
  // The grant has its own deadline and its own error for it.
  const known = await tokens.next()
  try {
    return await withDeadline(timeout, tooLate, async (signal) => {
      const { url: tokenEndpoint } = await findEndpoint(signal)
      const origins = new AllowedOrigins(parts, transport.allowInsecureRequests, tokenEndpoint.origin)
      const bounded = boundBodies(transport.fetch, name)
      const fetch = createAuthenticatedFetch({ ...parts, origins, fetch: bounded })
      const { baseUrl, info } = await api({ fetch, token: known, tokenEndpoint, signal })
      const url = checkBaseUrl(baseUrl, origins, parts)
      trace.baseUrl = showUrl(url)
      emit({ type: 'api.discovered', ...client, duration: duration(), baseUrl: trace.baseUrl })
      return { baseUrl: url, info }
    })
  } catch (failure) {
    const explained = explainFailure(provider, toDiscoveryFailure(name, failure))
    const error = withLabel(explained, label)
    emit({ type: 'discovery.failed', ...client, duration: duration(), error })
    throw error
  }
}

function toDiscoveryFailure(name: string, failure: unknown): NightlatchError {
  if (failure instanceof NightlatchError) return failure
  const reason = readNetworkFailure(failure)
  const { code, retryable } = reason
  const { said, hints } = explainNetworkFailure(reason)
  // The message may quote the response, so only its type is shown (rule X2). A provider can throw a NightlatchError to say more.
  const thrown =
    failure instanceof Error
      ? `the provider's \`api\` threw a ${errorKind(failure)}`
      : "the provider's `api` threw a value that is not an Error"
  const why = code === undefined ? ` (${thrown})` : `: the server ${said}`
  return new NightlatchError('discovery_failed', `${name}: the API's base URL could not be discovered${why}`, {
    provider: name,
    retryable: code !== undefined && retryable,
    hints: code === undefined ? [] : hints,
  })
}

/** Checks the discovered base URL like any other URL, before a token goes there (rule H1). */
function checkBaseUrl(
  baseUrl: string | URL,
  origins: AllowedOrigins,
  { provider: { name }, transport }: ApiDiscoveryParts<unknown>,
): URL {
  const mistake = findUrlMistake(baseUrl, transport.allowInsecureRequests)
  if (mistake !== undefined) {
    throw new NightlatchError('discovery_failed', `${name}: the discovered base URL ${mistake}`, { provider: name })
  }
  const url = new URL(baseUrl)
  if (origins.allows(url)) return url
  throw origins.refuse(url)
}
