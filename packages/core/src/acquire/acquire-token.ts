import { type Diagnostics, type GrantTrace, nameKind, unseen } from '../diagnostics.ts'
import { NightlatchError, withHints } from '../errors.ts'
import type { Emit } from '../events.ts'
import { pause, waitFor, withDeadline } from '../platform/deadline.ts'
import { type AccessToken, createAccessToken } from './access-token.ts'
import type { Credentials, CredentialsReader } from './credentials.ts'
import type { DpopProofs } from './dpop.ts'
import { findExpiry, looksLikeMilliseconds, readLifetime } from './lifetime.ts'
import type { OpenidGrants } from './openid-grants.ts'
import type { Provider } from './provider.ts'
import { planAttempt, planRepetition } from './retry.ts'
import { askTokenEndpoint, type GrantedToken, showUrl, type TokenEndpoint, type Transport } from './token-endpoint.ts'
import type { GrantRequest } from './token-request.ts'

/** Where a client's credentials come from; see credentials.ts. */
export type CredentialsOf = Pick<CredentialsReader, 'read' | 'readOthers'> & Partial<Pick<CredentialsReader, 'dpop'>>

/** What the grants of a provider have in common, whoever asks for what. */
export interface Grantor {
  readonly provider: Provider<unknown>
  readonly transport: Transport
  readonly findEndpoint: (signal: AbortSignal) => Promise<TokenEndpoint>
  readonly emit: Emit
  /** Default: nobody looks. */
  readonly diagnostics?: Diagnostics | undefined
  /** See TokenEndpointCall. */
  readonly grants?: OpenidGrants | undefined
  /** From 0 up to, but not including, 1; spreads repetitions. */
  readonly chance: () => number
}

/** One grant's circumstances. */
export interface GrantTerms {
  /** Ends with the deadline. */
  readonly signal: AbortSignal
  /** Seconds until the deadline, from now. */
  readonly timeout: number
  /** Whether an older token is still good, so that nobody waits: then a failure is not repeated here, but after a backoff. */
  readonly ahead: boolean
  /** By which those who wait for it can be told: see GrantTrace. */
  readonly flight?: object | undefined
}

/** A token as it was acquired. */
export interface AcquiredToken {
  readonly token: AccessToken
  /** By the steady clock, in milliseconds: before the request was sent (rule R4). */
  readonly requestedAt: number
  /** Milliseconds from then on; `undefined` where unknown. */
  readonly lifetime: number | undefined
  /** The server's hint when to refresh: milliseconds from then on. */
  readonly refreshIn: number | undefined
  /** The lifetime in the answer looks like one in milliseconds. */
  readonly suspectsMilliseconds?: boolean
  /** Which part of its refresh window passes before it is replaced: drawn once, and shared with the token; see freshness.ts. */
  readonly turn?: number | undefined
}

/**
 * From credentials to an access token; no memory. Failures that may pass are repeated, and a refused secret is read again
 * where it lives.
 *
 * @throws NightlatchError with every code a grant can fail with, hints of the provider included; what the credentials function throws, as it is
 */
export async function acquireToken(
  grantor: Grantor,
  client: CredentialsOf,
  grant: GrantRequest,
  terms: GrantTerms,
): Promise<AcquiredToken> {
  const { provider, transport, emit, diagnostics = unseen } = grantor
  const startedAt = transport.time()
  const { ahead, flight } = terms
  const trace: GrantTrace = { provider: provider.name, ahead, flight, url: undefined, attempt: 1, lifetime: undefined }
  const tell = (): { provider: string; duration: number; attempt: number; ahead: boolean } => ({
    provider: provider.name,
    duration: (transport.time() - startedAt) / 1000,
    attempt: trace.attempt,
    ahead,
  })
  // Deadlines are real time, as timers are, whatever clock a test has.
  const deadline = performance.now() + terms.timeout * 1000
  const secondsLeft = (): number => (deadline - performance.now()) / 1000
  const attempts = async (): Promise<AcquiredToken> => {
    let credentials = await client.read(terms.signal)
    let mayReadAgain = true
    for (let repetitions = 1; ; trace.attempt += 1) {
      try {
        const seconds = terms.ahead ? secondsLeft() : planAttempt(repetitions, secondsLeft())
        return await withDeadline(
          seconds,
          () => describeLateness(provider, seconds),
          (signal) => attemptGrant(grantor, grant, { credentials, dpop: client.dpop }, signal, trace),
          terms.signal,
        )
      } catch (failure) {
        if (!(failure instanceof NightlatchError) || terms.signal.aborted) throw failure
        // Where the place of the credentials does not answer, the refusal is what the caller is told.
        const others =
          mayReadAgain && isClientRefused(failure)
            ? await client.readOthers(credentials, terms.signal).catch(() => undefined)
            : undefined
        if (others !== undefined) {
          mayReadAgain = false
          credentials = others
          emit({ type: 'token.retried', ...tell(), wait: 0, error: failure })
          continue
        }
        const wait = terms.ahead ? undefined : planRepetition(failure, repetitions, secondsLeft(), grantor.chance())
        // The last attempt had what was left: what is told is the whole time.
        if (wait === undefined) throw failure.code === 'timed_out' ? describeLateness(provider, terms.timeout) : failure
        repetitions += 1
        emit({ type: 'token.retried', ...tell(), wait, error: failure })
        await pause(wait, terms.signal)
      }
    }
  }
  const told = async (): Promise<AcquiredToken> => {
    try {
      const acquired = await waitFor(attempts(), terms.signal)
      const lifetime = acquired.lifetime === undefined ? undefined : acquired.lifetime / 1000
      trace.lifetime = lifetime
      const { suspectsMilliseconds } = acquired
      emit({ type: 'token.granted', ...tell(), lifetime, ...(suspectsMilliseconds && { suspectsMilliseconds }) })
      return acquired
    } catch (failure) {
      const error = explainFailure(provider, failure)
      // What is broken off because nobody wants it any more is no refusal.
      if (error instanceof NightlatchError || !terms.signal.aborted) {
        emit({ type: 'token.refused', ...tell(), error: tellUntried(provider, error) })
      }
      throw error
    }
  }
  return diagnostics.trace('grant', trace, told, (failure) => tellUntried(provider, failure))
}

/** A failure as events may tell it: of what a function of the caller's or the provider's threw, only the kind (rule X1). */
export function tellUntried({ name }: Provider<unknown>, failure: unknown): NightlatchError {
  if (failure instanceof NightlatchError) return failure
  return new NightlatchError(
    'invalid_options',
    `${name}: the credentials function, or a function of the provider's, failed (${nameKind(failure)}); its message is kept back here, for it may hold a secret, and the caller gets it as it is`,
    { provider: name },
  )
}

async function attemptGrant(
  { provider, transport, findEndpoint, grants }: Grantor,
  grant: GrantRequest,
  holder: { readonly credentials: Credentials; readonly dpop?: DpopProofs | undefined },
  signal: AbortSignal,
  trace: GrantTrace,
): Promise<AcquiredToken> {
  const endpoint = await findEndpoint(signal)
  trace.url = showUrl(endpoint.url)
  const granted = await askTokenEndpoint({ provider, endpoint, grant, ...holder, transport, grants, signal })
  return toAcquired(granted, grant, provider)
}

function toAcquired(granted: GrantedToken, grant: GrantRequest, provider: Provider<unknown>): AcquiredToken {
  const expiry = findExpiry({ ...granted, defaultLifetime: provider.defaultLifetime })
  const refreshIn = readLifetime(granted.refreshIn)
  const token = createAccessToken({
    value: granted.accessToken,
    type: granted.tokenType,
    // A copy: who sorts a token's scopes must not change what is asked for next.
    scopes: granted.scopes ?? (grant.scopes.length > 0 ? [...grant.scopes] : undefined),
    expiresAt: expiry === undefined ? undefined : new Date(expiry),
    extra: granted.extra,
  })
  return {
    token,
    requestedAt: granted.requestedTime,
    lifetime: expiry === undefined ? undefined : expiry - granted.requestedAt,
    refreshIn: refreshIn === undefined ? undefined : refreshIn * 1000,
    ...(looksLikeMilliseconds(granted.expiresIn) && { suspectsMilliseconds: true }),
  }
}

/** What is said when a deadline passes. */
export function describeLateness({ name, tokenEndpoint, issuer }: Provider<unknown>, seconds: number): NightlatchError {
  const asked = showUrl(new URL((tokenEndpoint ?? issuer) as string | URL))
  const limit = Math.round(seconds * 1000) / 1000
  return new NightlatchError('timed_out', `${name}: ${asked} did not give a token within ${limit} s`, {
    provider: name,
    retryable: true,
  })
}

/** Whether the server does not know the client, or not by this secret. */
export function isClientRefused(failure: NightlatchError): boolean {
  return failure.code === 'grant_refused' && (failure.error === 'invalid_client' || failure.status === 401)
}

/** Adds the provider's hints; a provider whose `explain` throws has none. */
export function explainFailure(provider: Provider<unknown>, failure: unknown): unknown {
  if (!(failure instanceof NightlatchError) || provider.explain === undefined) return failure
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
