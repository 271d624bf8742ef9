import { NightlatchError } from '../errors.ts'
import { parseBody, readBodyText } from '../platform/answer-body.ts'
import { explainNetworkFailure, readNetworkFailure } from '../platform/network-failure.ts'
import {
  type ClientAuthentication,
  chooseClientAuthentication,
  clientSecretBasic,
  type TokenRequestDraft,
} from './client-authentication.ts'
import type { Credentials } from './credentials.ts'
import type { DpopProofs } from './dpop.ts'
import { type Exchange, OpenidGrants } from './openid-grants.ts'
import type { Provider } from './provider.ts'
import { secretsOf, tellThrown } from './redact.ts'
import {
  type GrantRequest,
  madeHeaders,
  toHttpRequest,
  tokenRequestHeaders,
  tokenRequestParameters,
} from './token-request.ts'
import {
  type JudgedToken,
  judgeTokenAnswer,
  readExtra,
  readStandardTokenResponse,
  type TokenAnswer,
} from './token-response.ts'

/** How requests leave, and what time it is. */
export interface Transport {
  readonly fetch: typeof globalThis.fetch
  readonly allowInsecureRequests: boolean
  /** Milliseconds since the epoch, by the wall clock. */
  readonly now: () => number
  /** Milliseconds by the steady clock: lives are measured by it, instants are told by the wall clock. */
  readonly time: () => number
}

/** Where tokens are asked for. */
export interface TokenEndpoint {
  readonly url: URL
  /** The authorization server's issuer identifier, where known. */
  readonly issuer: URL | undefined
  /** The same as it is spelt. */
  readonly issuerIdentifier?: string | undefined
  /** The client authentications that the issuer's metadata names; absent where no metadata was asked for. */
  readonly authenticationMethods?: readonly string[]
}

/** A usable token with what is needed to tell its end. */
export interface GrantedToken extends JudgedToken {
  readonly extra: Readonly<Record<string, unknown>>
  readonly requestedAt: number
  /** The same instant by the steady clock. */
  readonly requestedTime: number
  readonly answeredAt: number
  readonly date: string | null
}

/** What one attempt at a grant needs. */
export interface TokenEndpointCall {
  readonly provider: Provider<unknown>
  readonly endpoint: TokenEndpoint
  readonly grant: GrantRequest
  readonly credentials: Credentials
  /** What the token is to be bound to; `undefined`: nothing. */
  readonly dpop?: DpopProofs | undefined
  readonly transport: Transport
  /** Those of the provider; default: this one's alone. */
  readonly grants?: OpenidGrants | undefined
  /** Ends with the grant's deadline. */
  readonly signal: AbortSignal
}

/**
 * Makes one attempt at the grant. openid-client makes it; at its two seams stand the provider's departures: the client
 * authentication on the way out, the answer brought into RFC 6749's form on the way in, before openid-client judges it.
 *
 * @throws NightlatchError `grant_refused`, `response_unreadable`, `endpoint_unavailable` or `invalid_options`
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-4.4 RFC 6749 section 4.4}
 */
export async function askTokenEndpoint(call: TokenEndpointCall): Promise<GrantedToken> {
  const { provider, endpoint, dpop, transport } = call
  const grants = call.grants ?? new OpenidGrants()
  let granted: GrantedToken | undefined
  let sent: { draft: TokenRequestDraft; secrets: () => readonly string[] } | undefined
  let nonceAsked = false
  const exchange: Exchange = {
    async prepare() {
      sent = await draftTokenRequest(call)
    },
    async send(proof) {
      if (sent === undefined) throw new TypeError('a token request is drafted before it is sent')
      const { draft, secrets } = sent
      if (proof !== undefined) draft.headers.set('dpop', proof)
      const requestedAt = transport.now()
      const requestedTime = transport.time()
      const { answer, answeredAt } = await send(call, draft)
      const nonceGiven = dpop?.learn(endpoint.url, answer.headers.get('dpop-nonce')) === true
      if (nonceGiven && !nonceAsked && isNonceWanted(answer)) {
        // openid-client asks once more, with a proof that holds the nonce.
        nonceAsked = true
        return Response.json({ error: 'use_dpop_nonce' }, { status: 400 })
      }
      const judged = judgeTokenAnswer(answer, provider.readTokenResponse ?? readStandardTokenResponse, {
        provider: provider.name,
        endpoint: showUrl(endpoint.url),
        scopeSeparator: provider.tokenRequest?.scopeSeparator ?? ' ',
        bound: dpop !== undefined,
        secrets,
      })
      granted = {
        ...judged,
        extra: readExtra(answer.body, judged.accessToken),
        requestedAt,
        requestedTime,
        answeredAt,
        date: answer.headers.get('date'),
      }
      return toStandardResponse({ access_token: judged.accessToken, token_type: judged.tokenType })
    },
  }
  await grants.make(endpoint, exchange, dpop)
  if (granted === undefined) throw new TypeError('openid-client accepted an answer that was never read')
  return granted
}

/** The answer in RFC 6749's form, as openid-client reads it. A body would be written and parsed again for nobody. */
function toStandardResponse(fields: Readonly<Record<string, string>>): Response {
  return Object.defineProperty(new Response(null), 'json', { value: async () => ({ ...fields }) })
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-8 RFC 9449 section 8} */
function isNonceWanted({ status, body }: TokenAnswer): boolean {
  return status > 399 && typeof body === 'object' && body !== null && 'error' in body && body.error === 'use_dpop_nonce'
}

async function draftTokenRequest(
  call: TokenEndpointCall,
): Promise<{ draft: TokenRequestDraft; secrets: () => readonly string[] }> {
  const { provider, endpoint, grant, credentials, transport } = call
  const draft: TokenRequestDraft = {
    url: new URL(endpoint.url),
    headers: tokenRequestHeaders(provider),
    parameters: tokenRequestParameters(provider, grant),
    issuer: endpoint.issuer,
    issuerIdentifier: endpoint.issuerIdentifier,
    date: new Date(transport.now()),
  }
  const headersBefore = new Headers(draft.headers)
  const plain = new Set(['accept', 'content-type', ...draft.parameters.keys()])
  try {
    await findAuthentication(call)(draft, credentials)
  } catch (failure) {
    if (!(failure instanceof NightlatchError)) throw tellThrown(provider.name, 'clientAuthentication', failure)
    if (failure.provider !== undefined) throw failure
    throw new NightlatchError(failure.code, failure.message, { ...failure, provider: provider.name })
  }
  const secrets = (): readonly string[] => {
    const made = madeHeaders(provider, headersBefore, draft.headers)
    return secretsOf(draft, new Set([...plain, ...made]), credentials)
  }
  return { draft, secrets }
}

/** The provider's, or else what the issuer's metadata says, or else Basic. */
function findAuthentication({ provider, endpoint, credentials }: TokenEndpointCall): ClientAuthentication {
  const { authenticationMethods } = endpoint
  if (provider.clientAuthentication !== undefined) return provider.clientAuthentication
  return authenticationMethods === undefined
    ? clientSecretBasic()
    : chooseClientAuthentication(authenticationMethods, credentials)
}

async function send(
  { provider, endpoint, transport, signal }: TokenEndpointCall,
  draft: TokenRequestDraft,
): Promise<{ answer: TokenAnswer; answeredAt: number }> {
  const { name } = provider
  const shown = showUrl(endpoint.url)
  const { url, init } = toHttpRequest(provider, draft)
  let response: Response
  let text: string | undefined
  let answeredAt: number
  try {
    response = await transport.fetch(url.href, { ...init, signal })
    answeredAt = transport.now()
    text = await readBodyText(response)
  } catch (failure) {
    if (signal.aborted) throw signal.reason
    const reason = readNetworkFailure(failure)
    const { said, hints } = explainNetworkFailure(reason)
    throw new NightlatchError('endpoint_unavailable', `${name}: ${shown} ${said}`, {
      provider: name,
      retryable: reason.retryable,
      hints,
    })
  }
  const { status, headers } = response
  if (text === undefined) {
    throw new NightlatchError(
      'response_unreadable',
      `${name}: ${shown} answered ${status}, but with more than 1 MiB; is the URL right?`,
      { provider: name, status },
    )
  }
  return { answer: { status, headers, body: parseBody(text, headers.get('content-type')) }, answeredAt }
}

/** A URL as it may be shown: origin and path, for a query may hold secrets (rule X2). */
export function showUrl(url: URL): string {
  return `${url.origin}${url.pathname}`
}
