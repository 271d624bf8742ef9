import { NightlatchError } from '../errors.ts'
import { readBodyText } from '../platform/answer-body.ts'
import { waitFor, withDeadline } from '../platform/deadline.ts'
import { readNetworkFailure } from '../platform/network-failure.ts'
import type { RequestTask } from '../platform/single-flight.ts'
import { findNamedUrlMistake } from '../platform/validation.ts'
import { createSingleFlight } from '../platform/workers-single-flight.ts'
import { usesMutualTls } from './client-authentication.ts'
import type { Provider } from './provider.ts'
import { showUrl, type TokenEndpoint, type Transport } from './token-endpoint.ts'

/** Metadata is read again in the background after this time, and after a failed attempt at that. */
const refreshAfterMs = 3_600_000
const retryAfterMs = 60_000

/** Metadata is used for at most this long while the issuer is unreachable. */
const maxAgeMs = 24 * 3_600_000

/** A read takes at most this part of a grant's time, so that a second attempt follows one that hangs. */
const timeoutShare = 1 / 2

/**
 * Finds a provider's token endpoint: its `tokenEndpoint`, or the one that its issuer's metadata names. The metadata is read by
 * RFC 8414, then by OpenID Connect Discovery, because a server often has only one of the two.
 *
 * @param timeout seconds per grant
 * @throws NightlatchError `discovery_failed`, `timed_out`
 * @see {@link https://www.rfc-editor.org/rfc/rfc8414#section-3 RFC 8414 section 3}
 */
export function createEndpointFinder(provider: Provider, transport: Transport, timeout: number): EndpointFinder {
  const { name, tokenEndpoint, issuer } = provider
  if (tokenEndpoint !== undefined) {
    const declared: Promise<TokenEndpoint> = Promise.resolve({
      url: new URL(tokenEndpoint),
      issuer: issuer === undefined ? undefined : new URL(issuer),
      issuerIdentifier: issuer === undefined ? undefined : String(issuer),
    })
    return { find: () => declared, forget: () => {}, close: () => {} }
  }
  let known: { readonly endpoint: TokenEndpoint; readonly readAt: number } | undefined
  let refreshAt = 0
  let isForgotten = false
  const flight = createSingleFlight<TokenEndpoint>()
  const seconds = timeout * timeoutShare
  const timeoutError = (): NightlatchError => {
    const message = `${name}: the issuer's metadata did not come within ${seconds} s`
    return new NightlatchError('timed_out', message, { provider: name, retryable: true })
  }
  const read: RequestTask<TokenEndpoint> = async ({ controller }) => {
    const readAt = transport.time()
    const request = (signal: AbortSignal): Promise<TokenEndpoint> => findByMetadata(provider, transport, signal)
    const endpoint = await withDeadline(seconds, timeoutError, request, controller.signal)
    known = { endpoint, readAt }
    refreshAt = readAt + refreshAfterMs
    return endpoint
  }
  return {
    async find(signal) {
      signal.throwIfAborted()
      const now = transport.time()
      if (known === undefined || now >= known.readAt + maxAgeMs) return await waitFor(flight.join(read), signal)
      const { endpoint } = known
      if (isForgotten) {
        isForgotten = false
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

/** Finds a provider's token endpoint. */
export interface EndpointFinder {
  /** @param signal ends this caller's wait */
  find(signal: AbortSignal): Promise<TokenEndpoint>
  /** Reads the metadata anew with the next call. */
  forget(): void
  /** Ends background work. */
  close(): void
}

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
      throw failed(`names a token endpoint that ${mistake}; if the endpoint is right, set the provider's tokenEndpoint`)
    }
    return {
      url: new URL(found.tokenEndpoint),
      issuer: new URL(found.issuerIdentifier),
      issuerIdentifier: found.issuerIdentifier,
      authenticationMethods: found.authenticationMethods,
    }
  }
  const [oauth2, oidc] = misses.map(({ why }) => why)
  throw failed(
    `could not be had: by RFC 8414 ${oauth2}, by OpenID Connect Discovery ${oidc}; is the issuer right? Otherwise set tokenEndpoint`,
    misses.some(({ mayPass }) => mayPass),
  )
}

/** What is taken from an issuer's metadata. */
interface Found {
  readonly tokenEndpoint: string
  readonly issuerIdentifier: string
  readonly authenticationMethods: readonly string[]
}

/** Why one of the two ways gave no token endpoint, and whether it may later. */
interface Miss {
  readonly why: string
  readonly mayPass: boolean
}

/** openid-client builds the well-known URL and reads the metadata, which must be of the issuer asked for, or of the accepted one. */
async function readMetadata(
  provider: Provider,
  issuer: URL,
  algorithm: 'oauth2' | 'oidc',
  transport: Transport,
  signal: AbortSignal,
): Promise<Found | Miss> {
  const openid = await import('openid-client')
  let miss: Miss = { why: 'it did not answer', mayPass: true }
  let issuerIdentifier = issuer.href
  const ask = async (url: string, init: RequestInit): Promise<{ status: number; text: string | undefined }> => {
    try {
      const response = await transport.fetch(url, init)
      return { status: response.status, text: await readBodyText(response) }
    } catch (failure) {
      const { code, retryable } = readNetworkFailure(failure)
      if (code !== undefined) miss = { why: `it did not answer (${code})`, mayPass: retryable }
      throw failure
    }
  }
  try {
    const configuration = await openid.discovery(issuer, 'any', undefined, openid.None(), {
      algorithm,
      execute: [openid.allowInsecureRequests],
      [openid.customFetch]: async (url, { headers, method, redirect }) => {
        const { status, text } = await ask(url, { headers, method, redirect, signal })
        if (status !== 200) {
          miss = { why: `it answered ${status}`, mayPass: status === 429 || status > 499 }
          return new Response('', { status })
        }
        const metadata = parseMetadata(text)
        const why = metadata === undefined ? 'it answered, but with no metadata' : findStranger(provider, metadata)
        miss = { why: why ?? 'it answered, but its metadata names no token_endpoint', mayPass: false }
        if (metadata === undefined || why !== undefined) return new Response('')
        issuerIdentifier = metadata.issuer
        // An accepted issuer is the one asked for, as openid-client is to see it.
        return Response.json({ ...metadata, issuer: issuer.href })
      },
    })
    const metadata = configuration.serverMetadata()
    const { token_endpoint, token_endpoint_auth_methods_supported: methods } = metadata
    const alias: unknown = usesMutualTls(provider.clientAuthentication)
      ? metadata.mtls_endpoint_aliases?.token_endpoint
      : undefined
    const tokenEndpoint = alias ?? token_endpoint
    if (typeof tokenEndpoint !== 'string') return miss
    return {
      tokenEndpoint,
      issuerIdentifier,
      // What a server that names none takes: RFC 8414 section 2.
      authenticationMethods: Array.isArray(methods) ? methods : ['client_secret_basic'],
    }
  } catch {
    if (signal.aborted) throw signal.reason
    return miss
  }
}

/** Metadata, as far as it is one: an object that names its issuer. */
interface Metadata {
  readonly issuer: string
  readonly [member: string]: unknown
}

function parseMetadata(text: string | undefined): Metadata | undefined {
  try {
    const metadata: { readonly issuer?: unknown } | null = JSON.parse(text ?? '')
    const issuer = metadata?.issuer
    return typeof issuer === 'string' && URL.canParse(issuer) ? { ...metadata, issuer } : undefined
  } catch {
    return undefined
  }
}

/** What is said where the metadata is of another issuer than the one asked for, or accepted. */
function findStranger({ issuer, issuerMetadata }: Provider, metadata: Metadata): string | undefined {
  const { acceptIssuer } = issuerMetadata ?? {}
  const own = new URL(metadata.issuer).href
  const expected = [issuer, acceptIssuer].filter((one) => one !== undefined).map((one) => new URL(one).href)
  if (expected.includes(own)) return undefined
  const isAlmost = expected.some((one) => withoutSlash(one) === withoutSlash(own))
  return `it answered, but with no metadata of this very issuer${isAlmost ? ': the two differ in the slash at the end' : ', which issuerMetadata.acceptIssuer may permit'}`
}

function withoutSlash(url: string): string {
  return url.replace(/\/$/, '')
}
