import { NightlatchError } from '../errors.ts'
import { readBodyText } from '../platform/answer-body.ts'
import { isCloudflareWorkers } from '../platform/cloudflare-workers.ts'
import { withDeadline } from '../platform/deadline.ts'
import { explainNetworkFailure, readNetworkFailure } from '../platform/network-failure.ts'
import { findUrlMistake } from '../platform/validation.ts'
import { usesMutualTls } from './client-authentication.ts'
import type { Provider } from './provider.ts'
import { showUrl, type TokenEndpoint, type Transport } from './token-endpoint.ts'

/** Milliseconds after which metadata is read again, behind the callers' backs. */
const goodFor = 3_600_000

/** Milliseconds after which metadata is no longer gone by: until then, nobody is failed by an issuer that does not answer. */
const goodAtMost = 24 * goodFor

/** Milliseconds after which metadata that could not be read again is asked for once more. */
const readAgainAfter = 60_000

/** Seconds for reading it again. */
const patience = 10

/**
 * Where a provider's tokens are asked for: its `tokenEndpoint`, or what its issuer's metadata names. The metadata is asked
 * for once, by RFC 8414 and then by OpenID Connect Discovery (a server often has only one of the two), and again after a
 * failure. After an hour it is read again while the callers go on with what is known, for a day at most.
 *
 * @throws NightlatchError `discovery_failed`
 * @see {@link https://www.rfc-editor.org/rfc/rfc8414#section-3 RFC 8414 section 3}
 */
export function createEndpointFinder(provider: Provider<unknown>, transport: Transport): EndpointFinder {
  const { tokenEndpoint, issuer } = provider
  if (tokenEndpoint !== undefined) {
    const known: Promise<TokenEndpoint> = Promise.resolve({
      url: new URL(tokenEndpoint),
      issuer: issuer === undefined ? undefined : new URL(issuer),
      issuerIdentifier: issuer === undefined ? undefined : String(issuer),
    })
    return { find: () => known, close: () => {} }
  }
  const read = (signal: AbortSignal): Promise<TokenEndpoint> => findByMetadata(provider, transport, signal)
  let known: { readonly endpoint: TokenEndpoint; readonly readAt: number } | undefined
  let readAgainAt = 0
  let reading: AbortController | undefined
  const keep = (endpoint: TokenEndpoint, readAt: number): void => {
    known = { endpoint, readAt }
    readAgainAt = readAt + goodFor
  }
  const readAgain = (now: number): void => {
    readAgainAt = now + readAgainAfter
    const tooLate = (): Error => new Error('the metadata does not come')
    reading = new AbortController()
    withDeadline(patience, tooLate, read, reading.signal).then(
      (endpoint) => keep(endpoint, now),
      // What is known goes on being good; the next one to ask tries again.
      () => {},
    )
  }
  let flight: Flight | undefined
  const forget = (over: Flight): void => {
    if (flight === over) flight = undefined
  }
  const find = async (signal: AbortSignal): Promise<TokenEndpoint> => {
    signal.throwIfAborted()
    const now = transport.time()
    if (known !== undefined && now < known.readAt + goodAtMost) {
      if (now >= readAgainAt) readAgain(now)
      return known.endpoint
    }
    // On Workers a flight is of one request (rule L13); which of them have come at once, each asks for itself.
    const joined = flight === undefined || isCloudflareWorkers() ? takeOff(read, now) : flight
    flight = joined
    joined.waiting += 1
    return await new Promise((resolve, reject) => {
      const leave = (): void => {
        reject(signal.reason)
        joined.waiting -= 1
        if (joined.waiting > 0) return
        forget(joined)
        joined.controller.abort(signal.reason)
      }
      signal.addEventListener('abort', leave, { once: true })
      joined.result
        .then(
          (endpoint) => {
            if (flight === joined) keep(endpoint, joined.startedAt)
            forget(joined)
            resolve(endpoint)
          },
          (failure: unknown) => {
            forget(joined)
            reject(failure)
          },
        )
        .finally(() => signal.removeEventListener('abort', leave))
    })
  }
  return { find, close: () => reading?.abort(new Error('nobody reads this metadata any more')) }
}

/** Finds out where a provider's tokens are asked for. */
export interface EndpointFinder {
  /** @param signal ends this caller's wait */
  find(signal: AbortSignal): Promise<TokenEndpoint>
  /** Ends what happens behind the callers' backs. */
  close(): void
}

/** One question for the metadata, whoever waits for it; it ends when nobody does any more (rule L4). */
interface Flight {
  readonly result: Promise<TokenEndpoint>
  readonly controller: AbortController
  readonly startedAt: number
  waiting: number
}

function takeOff(read: (signal: AbortSignal) => Promise<TokenEndpoint>, startedAt: number): Flight {
  const controller = new AbortController()
  return { result: read(controller.signal), controller, startedAt, waiting: 0 }
}

async function findByMetadata(
  provider: Provider<unknown>,
  transport: Transport,
  signal: AbortSignal,
): Promise<TokenEndpoint> {
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
    const mistake = findUrlMistake(found.tokenEndpoint, transport.allowInsecureRequests)
    if (mistake !== undefined) throw failed(`names a token endpoint that ${mistake}`)
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
  provider: Provider<unknown>,
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
      const reason = readNetworkFailure(failure)
      miss = { why: `it ${explainNetworkFailure(reason).said}`, mayPass: reason.retryable }
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
function findStranger({ issuer, issuerMetadata }: Provider<unknown>, metadata: Metadata): string | undefined {
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
