import { NightlatchError } from '../errors.ts'
import { parseBody, readBodyText } from '../platform/answer-body.ts'
import { readNetworkFailure } from '../platform/network-failure.ts'
import { chooseClientAuthentication, clientSecretBasic } from './client-authentication.ts'
import type { Credentials } from './credentials.ts'
import type { DpopProofs } from './dpop.ts'
import { findExpiry, readLifetime } from './lifetime.ts'
import type { Provider } from './provider.ts'
import { computedHeaders, providerHeaders, toHttpRequest, toProviderParameters } from './provider-request.ts'
import { secretsOf, tellThrown } from './redact.ts'
import { type GrantRequest, standardParameters } from './token-request.ts'
import type { ClientAuthentication, TokenRequestDraft } from './token-request-draft.ts'
import {
  type JudgedToken,
  judgeTokenAnswer,
  readExtra,
  readStandardTokenResponse,
  type TokenAnswer,
} from './token-response.ts'

/** How requests are sent, and the clocks. */
export interface Transport {
  readonly fetch: typeof globalThis.fetch
  readonly allowInsecureRequests: boolean
  /** Milliseconds since the epoch, by the wall clock. */
  readonly now: () => number
  /** Milliseconds by the steady clock: lifetimes are measured by it, instants come from the wall clock. */
  readonly time: () => number
}

/** Where token requests go. */
export interface TokenEndpoint {
  readonly url: URL
  /** The authorization server's issuer identifier, if it is known. */
  readonly issuer: URL | undefined
  /** The issuer identifier as it is spelt. */
  readonly issuerIdentifier?: string | undefined
  /** The client authentications that the issuer's metadata names; absent if no metadata was read. */
  readonly authenticationMethods?: readonly string[]
}

type OpenidClient = typeof import('openid-client')

/** Imports openid-client once for many grants: importing a loaded module again takes a quarter of a grant's CPU. */
export function createOpenidLoader(): () => Promise<OpenidClient> {
  let loaded: OpenidClient | undefined
  return async () => {
    loaded ??= await import('openid-client')
    return loaded
  }
}

/** What one token request needs. */
export interface TokenEndpointCall {
  readonly provider: Provider<unknown>
  readonly endpoint: TokenEndpoint
  readonly grant: GrantRequest
  readonly credentials: Credentials
  /** The key that the token is to be bound to; `undefined`: the token is not bound. */
  readonly dpop?: DpopProofs | undefined
  readonly transport: Transport
  readonly loadOpenid: () => Promise<OpenidClient>
  /** Aborts at the deadline. */
  readonly signal: AbortSignal
}

/** A token as the endpoint granted it. */
export interface GrantedToken {
  readonly accessToken: string
  readonly tokenType: 'Bearer' | 'DPoP'
  /** `undefined`: the answer names none. */
  readonly scopes: readonly string[] | undefined
  /** Seconds from `requestedAt`; `undefined` if unknown. */
  readonly lifetime: number | undefined
  /** The server's hint when to refresh, in seconds from `requestedAt`. */
  readonly refreshIn: number | undefined
  readonly extra: Readonly<Record<string, unknown>>
  /** Milliseconds since the epoch, before the request was sent (rule R4). */
  readonly requestedAt: number
  /** The same instant by the steady clock. */
  readonly requestedTime: number
}

/**
 * Requests a token once. A DPoP proof that the server rejects because of this machine's clock is replaced by one with the
 * server's time.
 *
 * @throws NightlatchError `grant_refused`, `response_unreadable`, `endpoint_unavailable` or `invalid_options`; what the client authentication throws, as it is
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-4.4 RFC 6749 section 4.4}
 */
export async function requestToken(call: TokenEndpointCall): Promise<GrantedToken> {
  const { dpop, endpoint } = call
  const clockOffset = dpop?.clockOffset(endpoint.url)
  try {
    return await makeGrant(call)
  } catch (failure) {
    const isClockCorrected = dpop?.clockOffset(endpoint.url) !== clockOffset
    if (!isClockCorrected || !isProofRejected(failure)) throw failure
    return await makeGrant(call)
  }
}

/** openid-client makes the grant: its request goes out, and its result comes back, through `exchange`. */
async function makeGrant(call: TokenEndpointCall): Promise<GrantedToken> {
  const { endpoint, grant, credentials, dpop, transport, loadOpenid } = call
  const openid = await loadOpenid()
  const server = { issuer: (endpoint.issuer ?? endpoint.url).href, token_endpoint: endpoint.url.href }
  // The client authentication runs in `exchange`: it may write to the URL and to a JSON body, which this hook does not have.
  const configuration = new openid.Configuration(server, credentials.clientId, undefined, () => {})
  // The caller's deadline applies; openid-client's own would leave a timer behind each grant.
  configuration.timeout = undefined
  // `createClient` has checked the URL: https, loopback, or permitted by an option.
  openid.allowInsecureRequests(configuration)
  const requestedAt = transport.now()
  const requestedTime = transport.time()
  configuration[openid.customFetch] = (_url, { body, headers }) =>
    exchange(call, requestedAt, body as URLSearchParams, headers.dpop)
  try {
    const DPoP = await dpop?.handle()
    const result = await openid.clientCredentialsGrant(configuration, standardParameters(grant), DPoP && { DPoP })
    return {
      accessToken: result.access_token,
      tokenType: result.token_type === 'dpop' ? 'DPoP' : 'Bearer',
      scopes: result.scope?.split(' '),
      lifetime: result.expires_in,
      refreshIn: result.refresh_in as number | undefined,
      extra: result.extra as Readonly<Record<string, unknown>>,
      requestedAt,
      requestedTime,
    }
  } catch (error) {
    if (error instanceof openid.ResponseBodyError && error.response instanceof FailedResponse) {
      throw error.response.failure
    }
    // openid-client's own errors hold the answer, token included, as their cause (rule X1).
    throw new TypeError(`openid-client: ${error instanceof Error ? error.message : 'no grant'}`)
  }
}

/**
 * Sends openid-client's token request in the provider's form, and returns the provider's answer in RFC 6749's form.
 *
 * @param requestedAt the instant that lifetimes are counted from
 * @param parameters of the standard request
 * @param proof the DPoP proof, if the token is to be bound
 */
async function exchange(
  call: TokenEndpointCall,
  requestedAt: number,
  parameters: URLSearchParams,
  proof: string | undefined,
): Promise<Response> {
  const { provider, endpoint, dpop } = call
  let isNonceGiven = false
  try {
    const { draft, secrets } = await toProviderRequest(call, parameters, proof)
    const { answer, answeredAt } = await send(call, draft)
    isNonceGiven = dpop?.learn(endpoint.url, answer.headers.get('dpop-nonce')) === true
    const judged = judge(call, answer, secrets)
    const date = answer.headers.get('date')
    const { defaultLifetime } = provider
    const expiry = findExpiry({ ...judged, defaultLifetime, requestedAt, answeredAt, date })
    return new StandardResponse({
      access_token: judged.accessToken,
      token_type: judged.tokenType,
      scope: judged.scopes?.join(' '),
      expires_in: expiry === undefined ? undefined : (expiry - requestedAt) / 1000,
      refresh_in: readLifetime(judged.refreshIn),
      extra: readExtra(answer.body, judged.accessToken),
    })
  } catch (failure) {
    // With this code openid-client repeats the request once, with a proof that holds the nonce.
    const isNonceWanted = isNonceGiven && failure instanceof NightlatchError && failure.error === 'use_dpop_nonce'
    return new FailedResponse(isNonceWanted ? 'use_dpop_nonce' : 'invalid_request', failure)
  }
}

/** A token in RFC 6749's form. Its JSON is parsed already: a body would be written only to be parsed again. */
class StandardResponse extends Response {
  readonly #members: object

  constructor(members: object) {
    super(null)
    this.#members = members
  }

  override async json(): Promise<object> {
    return this.#members
  }
}

/** A failure in RFC 6749's form. openid-client's error refers to this response, and so to what failed. */
class FailedResponse extends Response {
  readonly failure: unknown

  constructor(error: string, failure: unknown) {
    super(JSON.stringify({ error }), { status: 400, headers: { 'content-type': 'application/json' } })
    this.failure = failure
  }
}

/** Translates openid-client's request into the provider's form, and has the client authentication write the credentials onto it. */
async function toProviderRequest(
  call: TokenEndpointCall,
  parameters: URLSearchParams,
  proof: string | undefined,
): Promise<{ readonly draft: TokenRequestDraft; readonly secrets: () => readonly string[] }> {
  const { provider, endpoint, grant, credentials, transport } = call
  const draft: TokenRequestDraft = {
    url: new URL(endpoint.url),
    headers: providerHeaders(provider),
    parameters: toProviderParameters(provider, grant, parameters),
    issuer: endpoint.issuer,
    issuerIdentifier: endpoint.issuerIdentifier,
    date: new Date(transport.now()),
  }
  const headersBefore = new Headers(draft.headers)
  const namesBefore = ['accept', 'content-type', ...draft.parameters.keys()]
  await authenticate(call, draft)
  if (proof !== undefined) draft.headers.set('dpop', proof)
  const secrets = (): readonly string[] => {
    const computed = computedHeaders(provider, headersBefore, draft.headers)
    return secretsOf(draft, new Set([...namesBefore, ...computed]), credentials)
  }
  return { draft, secrets }
}

async function authenticate(call: TokenEndpointCall, draft: TokenRequestDraft): Promise<void> {
  const { provider, credentials } = call
  try {
    await findAuthentication(call).authenticate(draft, credentials)
  } catch (failure) {
    if (!(failure instanceof NightlatchError)) throw tellThrown(provider.name, 'clientAuthentication', failure)
    if (failure.provider !== undefined) throw failure
    throw new NightlatchError(failure.code, failure.message, { ...failure, provider: provider.name })
  }
}

/** The provider's, or else what the issuer's metadata names, or else Basic. */
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
): Promise<{ readonly answer: TokenAnswer; readonly answeredAt: number }> {
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
    const { code, retryable } = readNetworkFailure(failure)
    throw new NightlatchError(
      'endpoint_unavailable',
      `${name}: ${shown} did not answer${code === undefined ? '' : ` (${code})`}`,
      { provider: name, retryable },
    )
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

function judge(
  { provider, endpoint, dpop }: TokenEndpointCall,
  answer: TokenAnswer,
  secrets: () => readonly string[],
): JudgedToken {
  try {
    return judgeTokenAnswer(answer, provider.readTokenResponse ?? readStandardTokenResponse, {
      provider: provider.name,
      endpoint: showUrl(endpoint.url),
      scopeSeparator: provider.tokenRequest?.scopeSeparator ?? ' ',
      bound: dpop !== undefined,
      secrets,
    })
  } catch (failure) {
    if (dpop === undefined || !isProofRejected(failure)) throw failure
    dpop.adoptServerTime(endpoint.url, answer.headers.get('date'))
    const seconds = dpop.clockOffset(endpoint.url) / 1000
    if (seconds === 0) throw failure
    const off = `${Math.abs(seconds)} s ${seconds > 0 ? 'behind' : 'ahead of'} the server's`
    throw new NightlatchError(failure.code, `${failure.message}; this machine's clock is ${off}`, { ...failure })
  }
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-5 RFC 9449 section 5} */
function isProofRejected(failure: unknown): failure is NightlatchError {
  return failure instanceof NightlatchError && failure.error === 'invalid_dpop_proof'
}

/** A URL as messages show it: origin and path, because a query may hold secrets (rule X2). */
export function showUrl(url: URL): string {
  return `${url.origin}${url.pathname}`
}
