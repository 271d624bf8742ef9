import { LatchkeyError } from '../errors.ts'
import { readBodyText } from './answer-body.ts'
import { readNetworkFailure } from './network-failure.ts'
import type { Provider } from './provider.ts'
import { showUrl, type TokenEndpoint, type Transport } from './token-endpoint.ts'
import { findUrlMistake } from './validation.ts'

/**
 * Where a provider's tokens are asked for: its `tokenEndpoint`, or what its issuer's metadata names. The metadata is asked
 * for once, by RFC 8414 and then by OpenID Connect Discovery (a server often has only one of the two), and again after a
 * failure.
 *
 * @throws LatchkeyError `discovery_failed`
 * @see {@link https://www.rfc-editor.org/rfc/rfc8414#section-3 RFC 8414 section 3}
 */
export function createEndpointFinder(
  provider: Provider<unknown>,
  transport: Transport,
): (signal: AbortSignal) => Promise<TokenEndpoint> {
  const { tokenEndpoint } = provider
  const issuer = provider.issuer === undefined ? undefined : new URL(provider.issuer)
  if (tokenEndpoint !== undefined) {
    const known: Promise<TokenEndpoint> = Promise.resolve({ url: new URL(tokenEndpoint), issuer })
    return () => known
  }
  let flight: Flight | undefined
  const forget = (over: Flight): void => {
    if (flight === over) flight = undefined
  }
  return async (signal) => {
    signal.throwIfAborted()
    flight ??= takeOff(provider.name, issuer as URL, transport)
    const joined = flight
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
        .then(resolve, (failure: unknown) => {
          forget(joined)
          reject(failure)
        })
        .finally(() => signal.removeEventListener('abort', leave))
    })
  }
}

/** One question for the metadata, whoever waits for it; it ends when nobody does any more (rule L4). */
interface Flight {
  readonly result: Promise<TokenEndpoint>
  readonly controller: AbortController
  waiting: number
}

function takeOff(provider: string, issuer: URL, transport: Transport): Flight {
  const controller = new AbortController()
  return { result: findByMetadata(provider, issuer, transport, controller.signal), controller, waiting: 0 }
}

async function findByMetadata(
  provider: string,
  issuer: URL,
  transport: Transport,
  signal: AbortSignal,
): Promise<TokenEndpoint> {
  const failed = (what: string, retryable = false): LatchkeyError =>
    new LatchkeyError('discovery_failed', `${provider}: the metadata of ${showUrl(issuer)} ${what}`, {
      provider,
      retryable,
    })
  const misses: Miss[] = []
  for (const algorithm of ['oauth2', 'oidc'] as const) {
    const found = await readTokenEndpoint(issuer, algorithm, transport, signal)
    if (typeof found !== 'string') {
      misses.push(found)
      continue
    }
    const mistake = findUrlMistake(found, transport.allowInsecureRequests)
    if (mistake !== undefined) throw failed(`names a token endpoint that ${mistake}`)
    return { url: new URL(found), issuer }
  }
  const [oauth2, oidc] = misses.map(({ why }) => why)
  throw failed(
    `could not be had: by RFC 8414 ${oauth2}, by OpenID Connect Discovery ${oidc}; is the issuer right? Otherwise set tokenEndpoint`,
    misses.some(({ mayPass }) => mayPass),
  )
}

/** Why one of the two ways gave no token endpoint, and whether it may later. */
interface Miss {
  readonly why: string
  readonly mayPass: boolean
}

/** openid-client builds the well-known URL and checks that the metadata is of the issuer asked for. */
async function readTokenEndpoint(
  issuer: URL,
  algorithm: 'oauth2' | 'oidc',
  transport: Transport,
  signal: AbortSignal,
): Promise<string | Miss> {
  const openid = await import('openid-client')
  let miss: Miss = { why: 'it did not answer', mayPass: true }
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
        miss =
          status === 200
            ? { why: 'it answered, but with no metadata of this very issuer that has a token_endpoint', mayPass: false }
            : { why: `it answered ${status}`, mayPass: status === 429 || status > 499 }
        return new Response(text ?? '', { status })
      },
    })
    return configuration.serverMetadata().token_endpoint ?? miss
  } catch {
    if (signal.aborted) throw signal.reason
    return miss
  }
}
