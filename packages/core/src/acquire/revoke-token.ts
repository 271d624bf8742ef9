import { NightlatchError, showUrl, withLabel } from '../errors.ts'
import { withDeadline } from '../platform/deadline.ts'
import { findNamedUrlMistake } from '../platform/url-mistakes.ts'
import type { AccessToken } from './access-token.ts'
import { CurrentCredentials } from './acquire-token.ts'
import type { TokenRequestDraft } from './authentication-method.ts'
import type { GrantClient } from './credentials.ts'
import { explainFailure } from './explain-failure.ts'
import { judgeRevocationAnswer } from './judge-response.ts'
import type { Provider } from './provider.ts'
import { secretsOf } from './request-secrets.ts'
import { authenticate, readSourceJwt, send } from './server-request.ts'
import type { TokenEndpoint, Transport } from './token-endpoint.ts'
import { readStandardTokenResponse } from './token-response.ts'

/**
 * Finds where a client's tokens are revoked: the provider's `revocationEndpoint`, or the one that its issuer's metadata names.
 *
 * @returns what revokes a token; it throws NightlatchError as a grant does
 * @throws NightlatchError `invalid_options` if no endpoint is known; `discovery_failed`, `timed_out`
 * @see {@link https://www.rfc-editor.org/rfc/rfc7009#section-2 RFC 7009 section 2}
 */
export async function prepareRevocation(parts: RevocationParts, client: GrantClient): Promise<RevokeToken> {
  const { provider, timeout } = parts
  const { name } = provider
  const bounded = async <T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const timeoutError = (): NightlatchError =>
      new NightlatchError('timed_out', `${name}: ${what} within ${timeout} s`, { provider: name, retryable: true })
    try {
      return await withDeadline(timeout, timeoutError, work)
    } catch (failure) {
      throw withLabel(explainFailure(provider, failure), client.label)
    }
  }
  const endpoint = await bounded('the revocation endpoint was not found', (signal) => findEndpoint(parts, signal))
  return (token) =>
    bounded(`${showUrl(endpoint.url)} did not revoke the token`, async (signal) => {
      const source = provider.clientAuthentication?.source
      const { now } = parts.transport
      const credentials = await CurrentCredentials.read(client, { source, now, signal, timeout })
      try {
        await revoke(parts, endpoint, credentials, token, signal)
      } catch (failure) {
        if (!(await credentials.renewAfter(failure))) throw failure
        await revoke(parts, endpoint, credentials, token, signal)
      }
    })
}

/** What all revocations of a provider share. */
export interface RevocationParts {
  readonly provider: Provider
  readonly transport: Transport
  readonly findEndpoint: (signal: AbortSignal) => Promise<TokenEndpoint>
  /** Seconds per revocation. */
  readonly timeout: number
}

/** Revokes one token of a client. */
export type RevokeToken = (token: AccessToken) => Promise<void>

/** A revocation endpoint, and what client authentication needs to know of the authorization server. */
interface RevocationEndpoint extends TokenEndpoint {
  readonly tokenEndpoint: URL
}

async function findEndpoint(
  { provider, transport, findEndpoint: findTokenEndpoint }: RevocationParts,
  signal: AbortSignal,
): Promise<RevocationEndpoint> {
  const { name, issuer, tokenEndpoint } = provider
  const unknown = (why: string): NightlatchError =>
    new NightlatchError('invalid_options', `${name}: ${why}. Set the provider's \`revocationEndpoint\``, {
      provider: name,
    })
  if (provider.revocationEndpoint === undefined && tokenEndpoint !== undefined) {
    throw unknown('no revocation endpoint is known, because a provider with a `tokenEndpoint` reads no metadata')
  }
  const found = await findTokenEndpoint(signal)
  const known = { ...found, tokenEndpoint: found.url }
  if (provider.revocationEndpoint !== undefined) return { ...known, url: new URL(provider.revocationEndpoint) }
  const server = new URL(issuer as string | URL)
  const named = found.revocationEndpoint
  if (named === undefined) throw unknown(`the metadata of ${showUrl(server)} names no revocation endpoint`)
  const mistake = findNamedUrlMistake(named, server, transport.allowInsecureRequests)
  if (mistake === undefined) return { ...known, url: new URL(named) }
  throw new NightlatchError(
    'discovery_failed',
    `${name}: the metadata of ${showUrl(server)} names a revocation endpoint that ${mistake}; if the endpoint is right, set the provider's revocationEndpoint`,
    { provider: name },
  )
}

async function revoke(
  { provider, transport }: RevocationParts,
  endpoint: RevocationEndpoint,
  { current: credentials, assertions }: CurrentCredentials,
  { value }: AccessToken,
  signal: AbortSignal,
): Promise<void> {
  const call = { provider, endpoint, credentials, assertions, transport, signal }
  const assertion = await readSourceJwt(call)
  const draft: TokenRequestDraft = {
    url: new URL(endpoint.url),
    tokenEndpoint: new URL(endpoint.tokenEndpoint),
    headers: new Headers({ accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' }),
    parameters: new URLSearchParams({ token: value, token_type_hint: 'access_token' }),
    issuer: endpoint.issuer,
    issuerIdentifier: endpoint.issuerIdentifier,
    date: new Date(transport.now()),
    ...(assertion !== undefined && { assertion }),
  }
  await authenticate(call, draft)
  // A revocation is a form by POST, however the provider's token request departs from RFC 6749.
  const { answer, answeredAt } = await send(call, draft, undefined)
  judgeRevocationAnswer(answer, provider.readTokenResponse ?? readStandardTokenResponse, {
    provider: provider.name,
    endpoint: showUrl(endpoint.url),
    answeredAt,
    // The token is among them: it is a parameter, and not one of the plain ones.
    secrets: () => secretsOf(draft, new Set(['accept', 'content-type', 'token_type_hint']), credentials),
  })
}
