import { allowInsecureRequests, customFetch, discovery, None } from 'openid-client'
import { NightlatchError, showUrl } from '../errors.ts'
import { readBodyText } from '../platform/answer-body.ts'
import { waitFor, withDeadline } from '../platform/deadline.ts'
import type { RequestTask } from '../platform/flight-request.ts'
import { explainNetworkFailure, readNetworkFailure } from '../platform/network-failure.ts'
import { createSingleFlight } from '../platform/single-flight.ts'
import { findNamedUrlMistake } from '../platform/url-mistakes.ts'
import { usesMutualTls } from './authentication-method.ts'
import type { Provider } from './provider.ts'
import type { EndpointFinder, TokenEndpoint, Transport } from './token-endpoint.ts'

/**
 * Finds a provider's token endpoint in its issuer's metadata. It tries RFC 8414, then OpenID Connect Discovery,
 * because many servers support only one of the two.
 *
 * @param timeout seconds per grant
 * @throws NightlatchError `discovery_failed`, `timed_out`
 * @see {@link https://www.rfc-editor.org/rfc/rfc8414#section-3 RFC 8414 section 3}
 */
export function createMetadataFinder(provider: Provider, transport: Transport, timeout: number): EndpointFinder {
  const { name, issuer } = provider
  let known: { readonly endpoint: TokenEndpoint; readonly readAt: number } | undefined
  let refreshAt = 0
  let isForgotten = false
  const flight = createSingleFlight<TokenEndpoint>()
  const seconds = timeout * timeoutShare
  const timeoutError = (): NightlatchError => {
    const message = `${name}: ${showUrl(new URL(issuer as string | URL))} did not return its metadata within ${seconds} s (half of options.timeout)`
    return new NightlatchError('timed_out', message, { provider: name, retryable: true })
  }
  const read: RequestTask<TokenEndpoint> = async ({ controller }) => {
    const readAt = transport.time()
    isForgotten = false
    const request = (signal: AbortSignal): Promise<TokenEndpoint> => findByMetadata(provider, transport, signal)
    const endpoint = await withDeadline(seconds, timeoutError, request, controller.signal)
    known = { endpoint, readAt }
    refreshAt = readAt + refreshAfterMs
    return endpoint
  }
  return {
    async find(signal) {
      const now = transport.time()
      if (known === undefined || now >= known.readAt + maxAgeMs) return await waitFor(flight.join(read), signal)
      const { endpoint } = known
      if (isForgotten) {
        // Other clients of a pool use this metadata, too: while the issuer is unreachable it stays in use.
        return await waitFor(
          flight.join(read).catch(() => endpoint),
          signal,
        )
      }
      if (now >= refreshAt) {
        refreshAt = now + retryAfterMs
        flight.refresh(read)
      }
      return endpoint
    },
    forget() {
      isForgotten = true
    },
    close: () => flight.cancel(),
  }
}

/** Metadata is refreshed in the background after this time, and retried after the second one if that failed. */
const refreshAfterMs = 3_600_000
const retryAfterMs = 60_000

/** Metadata is used for at most this long while the issuer is unreachable. */
const maxAgeMs = 24 * 3_600_000

/** A read takes at most this part of a grant's time, so that time for a second attempt remains if the issuer hangs. */
const timeoutShare = 1 / 2

async function findByMetadata(provider: Provider, transport: Transport, signal: AbortSignal): Promise<TokenEndpoint> {
  const { name } = provider
  const issuer = new URL(provider.issuer as string | URL)
  const failed = (what: string, retryable = false): NightlatchError =>
    new NightlatchError('discovery_failed', `${name}: the metadata of ${showUrl(issuer)} ${what}`, {
      provider: name,
      retryable,
    })
  const misses: Miss[] = []
  for (const algorithm of ['oauth2', 'oidc'] as const) {
    const found = await readMetadata(provider, issuer, algorithm, transport, signal)
    if ('why' in found) {
      misses.push(found)
      continue
    }
    const mistake = findNamedUrlMistake(found.tokenEndpoint, issuer, transport.allowInsecureRequests)
    if (mistake !== undefined) {
      throw failed(
        `names a token endpoint that ${mistake}. If the endpoint is right, set the provider's tokenEndpoint.`,
      )
    }
    return {
      url: new URL(found.tokenEndpoint),
      issuer: new URL(found.issuerIdentifier),
      issuerIdentifier: found.issuerIdentifier,
      authenticationMethods: found.authenticationMethods,
      ...(found.revocationEndpoint !== undefined && { revocationEndpoint: found.revocationEndpoint }),
    }
  }
  const [oauth2, oidc] = misses.map(({ why }) => why)
  throw failed(
    `could not be read: by RFC 8414 ${oauth2}, by OpenID Connect Discovery ${oidc}. Check the provider's issuer, or set its tokenEndpoint.`,
    misses.some(({ retryable }) => retryable),
  )
}

/** The members of an issuer's metadata that are used. */
interface Found {
  readonly tokenEndpoint: string
  readonly issuerIdentifier: string
  readonly authenticationMethods: readonly string[]
  readonly revocationEndpoint: string | undefined
}

/** Why one of the two ways found no token endpoint. */
interface Miss {
  readonly why: string
  readonly retryable: boolean
}

/** Reads metadata by openid-client, which builds the well-known URL and checks that the metadata is the issuer's own. */
async function readMetadata(
  provider: Provider,
  issuer: URL,
  algorithm: 'oauth2' | 'oidc',
  transport: Transport,
  signal: AbortSignal,
): Promise<Found | Miss> {
  let miss: Miss = { why: 'it answered, but its metadata names no token_endpoint', retryable: false }
  // openid-client rejects an empty response.
  const reject = (why: string, retryable = false): Response => {
    miss = { why, retryable }
    return new Response()
  }
  let issuerIdentifier = issuer.href
  const request = async (url: string, init: RequestInit): Promise<{ status: number; text: string | undefined }> => {
    try {
      const response = await transport.fetch(url, init)
      return { status: response.status, text: await readBodyText(response) }
    } catch (failure) {
      const reason = readNetworkFailure(failure)
      miss = { why: `it ${explainNetworkFailure(reason).said}`, retryable: reason.retryable }
      throw failure
    }
  }
  try {
    const configuration = await discovery(issuer, 'any', undefined, None(), {
      algorithm,
      execute: [allowInsecureRequests],
      [customFetch]: async (url, { headers, method, redirect }) => {
        const { status, text } = await request(url, { headers, method, redirect, signal })
        if (status !== 200) return reject(`it answered ${status}`, status === 429 || status > 499)
        const metadata = parseMetadata(text)
        if (metadata === undefined) return reject('it answered, but with no metadata')
        const mismatch = findIssuerMismatch(provider, metadata)
        if (mismatch !== undefined) return reject(mismatch)
        issuerIdentifier = metadata.issuer
        // openid-client accepts the requested issuer only, so an accepted other one is replaced by it.
        return Response.json({ ...metadata, issuer: issuer.href })
      },
    })
    const metadata = configuration.serverMetadata()
    const { token_endpoint, token_endpoint_auth_methods_supported: methods } = metadata
    const aliases = usesMutualTls(provider.clientAuthentication) ? metadata.mtls_endpoint_aliases : undefined
    const tokenEndpoint: unknown = aliases?.token_endpoint ?? token_endpoint
    const revocationEndpoint: unknown = aliases?.revocation_endpoint ?? metadata.revocation_endpoint
    if (typeof tokenEndpoint !== 'string') return miss
    return {
      tokenEndpoint,
      issuerIdentifier,
      // RFC 8414 section 2: the default of a server that names none.
      authenticationMethods: Array.isArray(methods) ? methods : ['client_secret_basic'],
      revocationEndpoint: typeof revocationEndpoint === 'string' ? revocationEndpoint : undefined,
    }
  } catch {
    if (signal.aborted) throw signal.reason
    return miss
  }
}

/** Metadata whose issuer is a URL. */
interface Metadata {
  readonly issuer: string
  readonly [member: string]: unknown
}

function parseMetadata(text: string | undefined): Metadata | undefined {
  try {
    const metadata = JSON.parse(String(text))
    if (typeof metadata.issuer === 'string' && URL.canParse(metadata.issuer)) return metadata
  } catch {
    // It is not JSON, or it is `null`.
  }
  return undefined
}

/** Finds whether metadata is of another issuer than the requested or accepted one, as text for a message. */
function findIssuerMismatch({ issuer, issuerMetadata }: Provider, metadata: Metadata): string | undefined {
  const { acceptIssuer } = issuerMetadata ?? {}
  const own = new URL(metadata.issuer).href
  const expected = [issuer, acceptIssuer].filter((one) => one !== undefined).map((one) => new URL(one).href)
  if (expected.includes(own)) return undefined
  const isAlmost = expected.some((one) => withoutSlash(one) === withoutSlash(own))
  return `it answered with the metadata of another issuer${isAlmost ? ': the two differ only in the slash at the end' : ', which issuerMetadata.acceptIssuer can permit'}`
}

function withoutSlash(url: string): string {
  return url.replace(/\/$/, '')
}
