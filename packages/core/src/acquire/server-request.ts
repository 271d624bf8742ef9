import { NightlatchError, redactTypeError, showUrl } from '../errors.ts'
import { parseBody, readBodyText } from '../platform/answer-body.ts'
import { explainNetworkFailure, readNetworkFailure } from '../platform/network-failure.ts'
import { AssertionReader } from './assertion-source.ts'
import type { ClientAuthentication, TokenRequestDraft } from './authentication-method.ts'
import { chooseClientAuthentication, clientSecretBasic } from './client-authentication.ts'
import type { Credentials } from './credentials.ts'
import type { Provider, TokenRequestFormat } from './provider.ts'
import { toHttpRequest } from './provider-request.ts'
import type { TokenEndpoint, Transport } from './token-endpoint.ts'
import type { TokenAnswer } from './token-response.ts'

/** One HTTP request of a client to its authorization server: a token request, or a revocation. */
export interface ServerCall {
  readonly provider: Provider
  readonly endpoint: TokenEndpoint
  readonly credentials: Credentials
  /** If the client authentication has a source: asks it. */
  readonly assertions?: AssertionReader | undefined
  readonly transport: Transport
  /** Aborts at the deadline. */
  readonly signal: AbortSignal
}

/**
 * Asks the source of the client authentication for the JWT of one HTTP attempt.
 *
 * @returns `undefined` without a source
 * @throws NightlatchError with the provider's name; what the source throws
 */
export async function readSourceJwt({ provider, transport, assertions }: ServerCall): Promise<string | undefined> {
  const source = provider.clientAuthentication?.source
  if (source === undefined) return undefined
  try {
    return (await (assertions ?? new AssertionReader(source, transport.now)).read()).jwt
  } catch (failure) {
    throw nameProvider(provider.name, 'clientAuthentication.source', failure)
  }
}

/**
 * Has the client authentication write the credentials onto a request.
 *
 * @throws NightlatchError with the provider's name; what the client authentication throws
 */
export async function authenticate(call: ServerCall, draft: TokenRequestDraft): Promise<void> {
  const { provider, credentials } = call
  try {
    const identified = credentials.clientId === undefined ? { clientId: '' } : credentials
    await findAuthentication(call).authenticate(draft, identified)
  } catch (failure) {
    throw nameProvider(provider.name, 'clientAuthentication', failure)
  }
}

/** Adds the provider's name to what a function of the provider threw; see {@link redactTypeError}. */
function nameProvider(provider: string, hook: string, thrown: unknown): unknown {
  if (!(thrown instanceof NightlatchError)) return redactTypeError(provider, hook, thrown)
  if (thrown.provider !== undefined) return thrown
  return new NightlatchError(thrown.code, thrown.message, { ...thrown, provider })
}

/** Finds the client authentication: the provider's, else one in the issuer's metadata, else `clientSecretBasic()`. */
function findAuthentication({ provider, endpoint, credentials }: ServerCall): ClientAuthentication {
  const { authenticationMethods } = endpoint
  if (provider.clientAuthentication !== undefined) return provider.clientAuthentication
  return authenticationMethods === undefined
    ? clientSecretBasic()
    : chooseClientAuthentication(authenticationMethods, credentials)
}

/**
 * Sends a request to the authorization server, and reads the answer.
 *
 * @param format where the request departs from a form by POST
 * @throws NightlatchError `endpoint_unavailable`, `response_unreadable`; the signal's reason
 */
export async function send(
  { provider, endpoint, transport, signal }: ServerCall,
  draft: TokenRequestDraft,
  format: TokenRequestFormat | undefined,
): Promise<{ readonly answer: TokenAnswer; readonly answeredAt: number }> {
  const { name } = provider
  const shown = showUrl(endpoint.url)
  const { url, init } = toHttpRequest(draft, format, name)
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
      `${name}: ${shown} answered ${status}, but with more than 1 MiB. Check the provider's tokenEndpoint or issuer.`,
      { provider: name, status },
    )
  }
  return { answer: { status, headers, body: parseBody(text, headers.get('content-type')) }, answeredAt }
}
