import { LatchkeyError } from '../errors.ts'
import { readBodyText } from './answer-body.ts'
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
  const failed = (what: string): LatchkeyError =>
    new LatchkeyError('discovery_failed', `${provider}: the metadata of ${showUrl(issuer)} ${what}`, {
      provider,
      retryable: true,
    })
  for (const algorithm of ['oauth2', 'oidc'] as const) {
    const tokenEndpoint = await readTokenEndpoint(issuer, algorithm, transport, signal)
    if (tokenEndpoint === undefined) continue
    const mistake = findUrlMistake(tokenEndpoint, transport.allowInsecureRequests)
    if (mistake !== undefined) throw failed(`names a token endpoint that ${mistake}`)
    return { url: new URL(tokenEndpoint), issuer }
  }
  throw failed(
    'could not be had: neither RFC 8414 nor OpenID Connect Discovery gave metadata of this very issuer with a token_endpoint; is the issuer right? Otherwise set tokenEndpoint',
  )
}

/** openid-client builds the well-known URL and checks that the metadata is of the issuer asked for. */
async function readTokenEndpoint(
  issuer: URL,
  algorithm: 'oauth2' | 'oidc',
  transport: Transport,
  signal: AbortSignal,
): Promise<string | undefined> {
  const openid = await import('openid-client')
  try {
    const configuration = await openid.discovery(issuer, 'any', undefined, openid.None(), {
      algorithm,
      execute: [openid.allowInsecureRequests],
      [openid.customFetch]: async (url, { headers, method, redirect }) => {
        const response = await transport.fetch(url, { headers, method, redirect, signal })
        const text = await readBodyText(response)
        return new Response(text ?? '', {
          status: response.status,
          headers: { 'content-type': response.headers.get('content-type') ?? '' },
        })
      },
    })
    return configuration.serverMetadata().token_endpoint
  } catch {
    if (signal.aborted) throw signal.reason
    return undefined
  }
}
