import {
  allowInsecureRequests,
  Configuration,
  clientCredentialsGrant,
  customFetch,
  ResponseBodyError,
} from 'openid-client'
import { NightlatchError, showUrl } from '../errors.ts'
import type { TokenRequestDraft } from './authentication-method.ts'
import type { DpopProofs } from './dpop.ts'
import { type JudgedToken, judgeTokenAnswer } from './judge-response.ts'
import { findExpiry, looksLikeMilliseconds, readLifetime } from './lifetime.ts'
import { computedHeaders, providerHeaders, toProviderParameters } from './provider-request.ts'
import { secretsOf } from './request-secrets.ts'
import { authenticate, readSourceJwt, type ServerCall, send } from './server-request.ts'
import { type GrantRequest, standardParameters } from './token-request.ts'
import { readExtra, readStandardTokenResponse, type TokenAnswer } from './token-response.ts'

/**
 * Requests a token once. If the server rejects the DPoP proof because of this machine's clock, the request is repeated with the
 * server's time.
 *
 * @throws NightlatchError `grant_refused`, `response_unreadable`, `endpoint_unavailable` or `invalid_options`; errors of the client
 * authentication as they are
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-4.4 RFC 6749 section 4.4}
 */
export async function requestGrant(call: GrantCall): Promise<GrantedToken> {
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

/** The arguments of one token request. */
export interface GrantCall extends ServerCall {
  readonly grant: GrantRequest
  /** The proofs of the key to bind the token to; `undefined`: the token is not bound. */
  readonly dpop?: DpopProofs | undefined
}

/** A granted token, in standard terms. */
export interface GrantedToken {
  readonly accessToken: string
  readonly tokenType: 'Bearer' | 'DPoP'
  /** `undefined` if the response names none. */
  readonly scopes: readonly string[] | undefined
  /** Seconds from the request on; `undefined` if unknown. */
  readonly lifetime: number | undefined
  /** The server's hint when to refresh, in seconds from the request on. */
  readonly refreshIn: number | undefined
  /** Whether the response's lifetime looks like one in milliseconds. */
  readonly suspectsMilliseconds: boolean
  readonly extra: Readonly<Record<string, unknown>>
  /** Before the request was sent (rule R4): milliseconds since the epoch. */
  readonly requestedAtWall: number
  /** The same instant by the steady clock. */
  readonly requestedAtSteady: number
}

/** Makes a grant by openid-client, whose request and response go through `exchange`. */
async function makeGrant(call: GrantCall): Promise<GrantedToken> {
  const { endpoint, grant, credentials, dpop, transport } = call
  const server = { issuer: (endpoint.issuer ?? endpoint.url).href, token_endpoint: endpoint.url.href }
  // The client authentication runs in `exchange`, because openid-client's hook lacks the URL and the JSON body. So nothing here
  // sends the client id.
  const configuration = new Configuration(server, credentials.clientId ?? 'none', undefined, () => {})
  // The caller's signal has the deadline; openid-client's own would leave a timer behind.
  configuration.timeout = undefined
  // `createClient` has already checked that the URL is https, loopback, or permitted by `allowInsecureRequests`.
  allowInsecureRequests(configuration)
  const requestedAtWall = transport.now()
  const requestedAtSteady = transport.time()
  configuration[customFetch] = (_url, { body, headers }) =>
    exchange(call, requestedAtWall, body as URLSearchParams, headers.dpop)
  try {
    const DPoP = await dpop?.handle()
    const result = await clientCredentialsGrant(configuration, standardParameters(grant), DPoP && { DPoP })
    return {
      accessToken: result.access_token,
      tokenType: result.token_type === 'dpop' ? 'DPoP' : 'Bearer',
      scopes: result.scope?.split(' '),
      lifetime: result.expires_in,
      refreshIn: result.refresh_in as number | undefined,
      suspectsMilliseconds: result.suspects_milliseconds === true,
      extra: result.extra as Readonly<Record<string, unknown>>,
      requestedAtWall,
      requestedAtSteady,
    }
  } catch (error) {
    // Only a failed response has an error in its body.
    if (error instanceof ResponseBodyError) throw (error.response as FailedResponse).failure
    // openid-client's own errors contain the response, token included, as their cause (rule X1).
    throw new TypeError(`openid-client: ${(error as Error).message}`)
  }
}

/**
 * Sends openid-client's token request in the provider's form, and returns the provider's response in the form of RFC 6749.
 *
 * @param requestedAt the instant that lifetimes count from: milliseconds since the epoch
 * @param parameters the parameters of the standard request
 * @param proof the DPoP proof, for a token bound to a key
 */
async function exchange(
  call: GrantCall,
  requestedAt: number,
  parameters: URLSearchParams,
  proof: string | undefined,
): Promise<Response> {
  const { provider, endpoint, dpop } = call
  let isNonceGiven = false
  try {
    const { draft, secrets } = await toProviderRequest(call, parameters, proof)
    const { answer, answeredAt } = await send(call, draft, provider.tokenRequest)
    isNonceGiven = dpop?.learn(endpoint.url, answer.headers.get('dpop-nonce')) === true
    const judged = judge(call, answer, answeredAt, secrets)
    const date = answer.headers.get('date')
    const age = answer.headers.get('age')
    const { defaultLifetime } = provider
    const expiry = findExpiry({ ...judged, defaultLifetime, requestedAt, answeredAt, date, age })
    return new StandardResponse({
      access_token: judged.accessToken,
      token_type: judged.tokenType,
      scope: judged.scopes?.join(' '),
      expires_in: expiry === undefined ? undefined : (expiry - requestedAt) / 1000,
      refresh_in: readLifetime(judged.refreshIn),
      suspects_milliseconds: looksLikeMilliseconds(judged.expiresIn),
      extra: readExtra(answer.body, judged.accessToken),
    })
  } catch (failure) {
    // This code makes openid-client repeat the request once, with a proof that contains the nonce.
    const isNonceRequired = isNonceGiven && failure instanceof NightlatchError && failure.error === 'use_dpop_nonce'
    return new FailedResponse(isNonceRequired ? 'use_dpop_nonce' : 'invalid_request', failure)
  }
}

/** A token in the form of RFC 6749. `json` returns the members themselves, to save serialising and parsing a body. */
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

/** A failure in the form of RFC 6749. openid-client's error refers to this response, and so to the original failure. */
class FailedResponse extends Response {
  readonly failure: unknown

  constructor(error: string, failure: unknown) {
    super(JSON.stringify({ error }), { status: 400, headers: { 'content-type': 'application/json' } })
    this.failure = failure
  }
}

/** Translates openid-client's request into the provider's form and authenticates the client. */
async function toProviderRequest(
  call: GrantCall,
  parameters: URLSearchParams,
  proof: string | undefined,
): Promise<{ readonly draft: TokenRequestDraft; readonly secrets: () => readonly string[] }> {
  const { provider, endpoint, grant, credentials, transport } = call
  const assertion = await readSourceJwt(call)
  const draft: TokenRequestDraft = {
    url: new URL(endpoint.url),
    headers: providerHeaders(provider),
    parameters: toProviderParameters(provider, grant, parameters),
    issuer: endpoint.issuer,
    issuerIdentifier: endpoint.issuerIdentifier,
    date: new Date(transport.now()),
    ...(assertion !== undefined && { assertion }),
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

function judge(
  { provider, endpoint, dpop }: GrantCall,
  answer: TokenAnswer,
  answeredAt: number,
  secrets: () => readonly string[],
): JudgedToken {
  try {
    return judgeTokenAnswer(answer, provider.readTokenResponse ?? readStandardTokenResponse, {
      provider: provider.name,
      endpoint: showUrl(endpoint.url),
      scopeSeparator: provider.tokenRequest?.scopeSeparator ?? ' ',
      answeredAt,
      bound: dpop !== undefined,
      secrets,
    })
  } catch (failure) {
    if (dpop === undefined || !isProofRejected(failure)) throw failure
    dpop.adoptServerTime(endpoint.url, answer.headers.get('date'))
    const seconds = dpop.clockOffset(endpoint.url) / 1000
    if (seconds === 0) throw failure
    const off = `${Math.abs(seconds)} s ${seconds > 0 ? 'behind' : 'ahead of'} the server's`
    throw new NightlatchError(failure.code, `${failure.message}. This machine's clock is ${off}.`, { ...failure })
  }
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-5 RFC 9449 section 5} */
function isProofRejected(failure: unknown): failure is NightlatchError {
  return failure instanceof NightlatchError && failure.error === 'invalid_dpop_proof'
}
