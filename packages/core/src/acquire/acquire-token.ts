import { LatchkeyError, withHints } from '../errors.ts'
import type { Emit } from '../events.ts'
import type { AccessToken } from './access-token.ts'
import { createAccessToken } from './access-token.ts'
import type { Credentials } from './credentials.ts'
import { withDeadline } from './deadline.ts'
import { findExpiry } from './lifetime.ts'
import type { Provider } from './provider.ts'
import { askTokenEndpoint, showUrl, type TokenEndpoint, type Transport } from './token-endpoint.ts'
import type { GrantRequest } from './token-request.ts'

/** What a grant needs, but for what is asked for. */
export interface Grantor {
  readonly provider: Provider<unknown>
  readonly transport: Transport
  /** Seconds for a whole grant. */
  readonly timeout: number
  readonly readCredentials: (signal: AbortSignal) => Promise<Credentials>
  readonly findEndpoint: (signal: AbortSignal) => Promise<TokenEndpoint>
  readonly emit: Emit
}

/**
 * From credentials to an access token, within the deadline; no memory.
 *
 * @throws LatchkeyError with every code a grant can fail with, hints of the provider included; what the credentials function throws, as it is
 */
export async function acquireToken(grantor: Grantor, grant: GrantRequest): Promise<AccessToken> {
  const { provider, transport, emit } = grantor
  const startedAt = transport.now()
  const told = (): { provider: string; duration: number; attempt: number; ahead: boolean } => ({
    provider: provider.name,
    duration: (transport.now() - startedAt) / 1000,
    attempt: 1,
    ahead: false,
  })
  try {
    const token = await grantInTime(grantor, grant)
    const lifetime = token.expiresAt === undefined ? undefined : (token.expiresAt.getTime() - startedAt) / 1000
    emit({ type: 'token.granted', ...told(), lifetime })
    return token
  } catch (failure) {
    const error = explainFailure(provider, failure)
    if (error instanceof LatchkeyError) emit({ type: 'token.refused', ...told(), error })
    throw error
  }
}

async function grantInTime(grantor: Grantor, grant: GrantRequest): Promise<AccessToken> {
  const { provider, transport, timeout } = grantor
  let asked: TokenEndpoint | undefined
  const tooLate = (): LatchkeyError =>
    new LatchkeyError(
      'timed_out',
      `${provider.name}: ${asked === undefined ? 'the grant' : showUrl(asked.url)} did not come to an end within ${timeout} s`,
      { provider: provider.name, retryable: true },
    )
  return await withDeadline(timeout, tooLate, async (signal) => {
    const credentials = await grantor.readCredentials(signal)
    asked = await grantor.findEndpoint(signal)
    const granted = await askTokenEndpoint({ provider, endpoint: asked, grant, credentials, transport, signal })
    const expiry = findExpiry({ ...granted, defaultLifetime: provider.defaultLifetime })
    return createAccessToken({
      value: granted.accessToken,
      type: granted.tokenType,
      // A copy: who sorts a token's scopes must not change what is asked for next.
      scopes: granted.scopes ?? (grant.scopes.length > 0 ? [...grant.scopes] : undefined),
      expiresAt: expiry === undefined ? undefined : new Date(expiry),
      extra: granted.extra,
    })
  })
}

/** Adds the provider's hints; a provider whose `explain` throws has none. */
export function explainFailure(provider: Provider<unknown>, failure: unknown): unknown {
  if (!(failure instanceof LatchkeyError) || provider.explain === undefined) return failure
  try {
    const hints: unknown = provider.explain(failure)
    return Array.isArray(hints)
      ? withHints(
          failure,
          hints.filter((hint) => typeof hint === 'string'),
        )
      : failure
  } catch {
    return failure
  }
}
