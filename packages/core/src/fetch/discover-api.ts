import { explainFailure } from '../acquire/acquire-token.ts'
import type { DiscoveredApi, DiscoveryContext, Provider } from '../acquire/provider.ts'
import { showUrl, type TokenEndpoint, type Transport } from '../acquire/token-endpoint.ts'
import { type Diagnostics, type DiscoveryTrace, errorKind, noDiagnostics } from '../diagnostics.ts'
import { NightlatchError } from '../errors.ts'
import { waitFor, withDeadline } from '../platform/deadline.ts'
import { readNetworkFailure } from '../platform/network-failure.ts'
import type { RequestTask } from '../platform/single-flight.ts'
import { findUrlMistake } from '../platform/validation.ts'
import { createSingleFlight } from '../platform/workers-single-flight.ts'
import { createOriginCheck, type OriginCheck } from './allowed-origins.ts'
import { createAuthenticatedFetch } from './authenticated-fetch.ts'
import { boundBodies } from './bounded-bodies.ts'
import { type RequestTokenParts, refuseOrigin } from './request-token.ts'

/** An API's address, found and checked, and what the provider said about us. */
interface FoundApi<Info> {
  readonly baseUrl: URL
  readonly info: Info
}

/** What discovering an API takes. */
export interface ApiDiscoveryParts<Info> extends RequestTokenParts {
  readonly provider: Provider<Info>
  /** Seconds. */
  readonly timeout: number
  readonly transport: Transport
  readonly findEndpoint: (signal: AbortSignal) => Promise<TokenEndpoint>
  /** Default: nobody looks. */
  readonly diagnostics?: Diagnostics | undefined
}

/** Where a provider's API is. */
export interface ApiFinder<Info> {
  /**
   * The API: the provider's base URL, or what its discovery names; flown once, remembered, forgotten when it fails.
   *
   * @param signal ends this caller's wait alone
   * @throws NightlatchError `discovery_failed`, `origin_refused`, `timed_out`, or what a grant fails with
   */
  find(signal: AbortSignal | undefined): Promise<FoundApi<Info>>
  /** Discovers anew with the next call. Until then requests may still go to the API that was found. */
  forget(): void
  /** Where requests may take the token: the API's own origin, once known, and the provider's `apiOrigins`. */
  readonly mayReceiveToken: OriginCheck
}

/** What finds the API of a provider, and says where its tokens may go. */
export function createApiFinder<Info>(parts: ApiDiscoveryParts<Info>): ApiFinder<Info> {
  const { provider, transport } = parts
  const { api, apiOrigins = [] } = provider
  const own = typeof api === 'function' || api === undefined ? [] : [new URL(api).origin]
  const declared = createOriginCheck([...own, ...apiOrigins], transport.allowInsecureRequests)
  let discoveredOrigin: string | undefined
  let found: Promise<FoundApi<Info>> | undefined
  const flights = createSingleFlight<FoundApi<Info>>()
  const discoverNow: RequestTask<FoundApi<Info>> = async (request) => {
    try {
      const discovered = await findApi(parts)
      discoveredOrigin = discovered.baseUrl.origin
      if (request.cacheable) found = Promise.resolve(discovered)
      return discovered
    } catch (failure) {
      throw explainFailure(provider, failure)
    }
  }
  return {
    find: (signal) => waitFor(found ?? flights.join(discoverNow), signal),
    forget() {
      found = undefined
      flights.purge()
    },
    mayReceiveToken: (url) => declared(url) || url.origin === discoveredOrigin,
  }
}

async function findApi<Info>(parts: ApiDiscoveryParts<Info>): Promise<FoundApi<Info>> {
  const { api, name } = parts.provider
  if (api === undefined) {
    throw new NightlatchError(
      'discovery_failed',
      `${name}: the provider names no API: set its \`api\`, or use client.fetch with whole URLs of its apiOrigins`,
      { provider: name },
    )
  }
  // A provider without discovery has nothing to say about us: its Info is undefined.
  if (typeof api !== 'function') return { baseUrl: new URL(api), info: undefined as Info }
  const { diagnostics = noDiagnostics } = parts
  const trace: DiscoveryTrace = { provider: name, baseUrl: undefined }
  return diagnostics.trace('discovery', trace, () => discover(parts, api, trace))
}

async function discover<Info>(
  parts: ApiDiscoveryParts<Info>,
  api: (context: DiscoveryContext) => Promise<DiscoveredApi<Info>>,
  trace: DiscoveryTrace,
): Promise<FoundApi<Info>> {
  const { provider, timeout, transport, tokens, findEndpoint, emit } = parts
  const { name } = provider
  const startedAt = transport.time()
  const duration = (): number => (transport.time() - startedAt) / 1000
  const tooLate = (): NightlatchError =>
    new NightlatchError('timed_out', `${name}: the discovery of the API did not come to an end within ${timeout} s`, {
      provider: name,
      retryable: true,
    })
  // The grant has a deadline of its own, and says so when it is that which is late.
  const known = await tokens.next()
  try {
    return await withDeadline(timeout, tooLate, async (signal) => {
      const { url: tokenEndpoint } = await findEndpoint(signal)
      const origins = [tokenEndpoint.origin, ...(provider.apiOrigins ?? [])]
      const mayReceiveToken = createOriginCheck(origins, transport.allowInsecureRequests)
      const bounded = boundBodies(transport.fetch, name)
      const fetch = createAuthenticatedFetch({ ...parts, fetch: bounded, mayReceiveToken })
      const { baseUrl, info } = await api({ fetch, token: known, tokenEndpoint, signal })
      const url = checkBaseUrl(baseUrl, mayReceiveToken, parts)
      trace.baseUrl = showUrl(url)
      emit({ type: 'api.discovered', provider: name, duration: duration(), baseUrl: trace.baseUrl })
      return { baseUrl: url, info }
    })
  } catch (failure) {
    const error = explainFailure(provider, toDiscoveryFailure(name, failure)) as NightlatchError
    emit({ type: 'discovery.failed', provider: name, duration: duration(), error })
    throw error
  }
}

function toDiscoveryFailure(name: string, failure: unknown): NightlatchError {
  if (failure instanceof NightlatchError) return failure
  const { code, retryable } = readNetworkFailure(failure)
  // Its message may quote the answer (rule X2); a provider that has more to say throws a NightlatchError.
  const said =
    code ?? (failure instanceof Error ? `the provider's \`api\` threw a ${errorKind(failure)}` : 'it threw no Error')
  return new NightlatchError('discovery_failed', `${name}: the API's address could not be had (${said})`, {
    provider: name,
    retryable: code !== undefined && retryable,
  })
}

/** A token is about to be sent to what a discovery named, so that is judged as any URL is (rule H1). */
function checkBaseUrl(
  baseUrl: string | URL,
  mayReceiveToken: OriginCheck,
  { provider, transport, emit }: ApiDiscoveryParts<unknown>,
): URL {
  const { name } = provider
  const mistake = findUrlMistake(baseUrl, transport.allowInsecureRequests)
  if (mistake !== undefined) {
    throw new NightlatchError('discovery_failed', `${name}: the discovered base URL ${mistake}`, { provider: name })
  }
  const url = new URL(baseUrl)
  if (mayReceiveToken(url)) return url
  throw refuseOrigin(provider, url, emit)
}
