import { type Diagnostics, noDiagnostics } from '../diagnostics.ts'
import { NightlatchError, withHints, withLabel } from '../errors.ts'
import type { Emit } from '../events.ts'
import { pause, waitFor, withDeadline } from '../platform/deadline.ts'
import { type AccessToken, createAccessToken } from './access-token.ts'
import { type Assertion, AssertionReader, type AssertionSource } from './assertion-source.ts'
import { isCredentialRejected } from './client-rejection.ts'
import type { Credentials, GrantClient } from './credentials.ts'
import { describeLateness, explainFailure } from './explain-failure.ts'
import { GrantReport } from './grant-report.ts'
import type { Provider } from './provider.ts'
import { type GrantCall, type GrantedToken, requestGrant } from './request-grant.ts'
import { planAttempt, planGrantRetry } from './retry.ts'
import type { TokenEndpoint, Transport } from './token-endpoint.ts'
import type { GrantRequest } from './token-request.ts'

/**
 * Acquires an access token; nothing is cached. Transient failures are retried, and credentials that the server rejects are read
 * again.
 *
 * @throws NightlatchError with any code that a grant can fail with, the provider's hints included; what the credentials function throws, as it is
 */
export async function acquireToken(
  grantor: Grantor,
  client: GrantClient,
  grant: GrantRequest,
  terms: GrantTerms,
): Promise<AcquiredToken> {
  const { provider, diagnostics = noDiagnostics } = grantor
  const report = new GrantReport(grantor, terms, client.label)
  const work = async (): Promise<AcquiredToken> => {
    try {
      const { granted, ...accepted } = await waitFor(
        grantWithRetries(grantor, client, grant, terms, report),
        terms.signal,
      )
      report.granted(granted)
      return { ...toAcquired(granted, grant), ...accepted }
    } catch (failure) {
      const error = withLabel(explainFailure(provider, failure), client.label)
      // A cancelled refresh is not a failure.
      if (error instanceof NightlatchError || !terms.signal.aborted) report.failed(error)
      throw error
    }
  }
  return await diagnostics.trace('grant', report.message, work, (failure) => report.describe(failure))
}

/** What all grants of a provider share. */
export interface Grantor {
  readonly provider: Provider
  readonly transport: Transport
  readonly findEndpoint: (signal: AbortSignal) => Promise<TokenEndpoint>
  readonly emit: Emit
  /** Default: no tracing channels. */
  readonly diagnostics?: Diagnostics | undefined
  /** At least 0, less than 1; spreads retries. */
  readonly random: () => number
}

/** The terms of one grant. */
export interface GrantTerms {
  /** Aborts at the deadline. */
  readonly signal: AbortSignal
  /** Seconds until the deadline, from now. */
  readonly seconds: number
  /** Whether an older token is still valid, so that no caller waits: then a failure is retried after a backoff, not here. */
  readonly background: boolean
  /** The JWT that the client authentication's source has just returned, if it was asked already. */
  readonly assertion?: Assertion | undefined
}

/** A token as it was acquired. */
export interface AcquiredToken {
  readonly token: AccessToken
  /** Milliseconds by the steady clock, before the request was sent (rule R4). */
  readonly requestedAt: number
  /** Milliseconds from then on; `undefined` if unknown. */
  readonly lifetimeMs: number | undefined
  /** The server's hint when to refresh: milliseconds from then on. */
  readonly refreshInMs: number | undefined
  /** Which part of its refresh window passes before a refresh: drawn once, and shared with the token; see freshness.ts. */
  readonly jitter?: number | undefined
  /** The credentials that the server accepted for it; `undefined` if it comes from a store. */
  readonly grantedTo?: Credentials | undefined
  /** With a source: the subject of the JWT that the server accepted, or `null` if it names none. */
  readonly grantedSubject?: string | null | undefined
}

async function grantWithRetries(
  grantor: Grantor,
  client: GrantClient,
  grant: GrantRequest,
  { signal, seconds, background, assertion }: GrantTerms,
  report: GrantReport,
): Promise<{ readonly granted: GrantedToken } & Pick<AcquiredToken, 'grantedTo' | 'grantedSubject'>> {
  const { provider, random, transport } = grantor
  // Deadlines are real time, as timers are, whatever clock a test sets.
  const deadline = performance.now() + seconds * 1000
  const secondsLeft = (): number => (deadline - performance.now()) / 1000
  const source = provider.clientAuthentication?.source
  const { now } = transport
  const credentials = await CurrentCredentials.read(client, { source, now, signal, timeout: seconds, assertion })
  const { assertions } = credentials
  for (let retries = 0; ; ) {
    const attemptSeconds = background ? secondsLeft() : planAttempt(retries + 1, secondsLeft())
    const { current } = credentials
    try {
      const granted = await withDeadline(
        attemptSeconds,
        () => describeLateness(provider, attemptSeconds),
        (attemptSignal) =>
          attemptGrant(grantor, client, { grant, credentials: current, assertions, signal: attemptSignal }, report),
        signal,
      )
      return { granted, grantedTo: current, grantedSubject: assertions && (assertions.sentSubject ?? null) }
    } catch (failure) {
      if (!(failure instanceof NightlatchError) || signal.aborted) throw failure
      const isRenewed = await credentials.renewAfter(failure)
      const wait = isRenewed
        ? 0
        : background
          ? undefined
          : planGrantRetry(failure, retries + 1, secondsLeft(), random())
      // The last attempt had the time that was left: the error names the whole.
      if (wait === undefined) throw failure.code === 'timed_out' ? describeLateness(provider, seconds) : failure
      report.retried(failure, wait)
      if (!isRenewed) {
        retries += 1
        await pause(wait, signal)
      }
    }
  }
}

async function attemptGrant(
  { provider, transport, findEndpoint }: Grantor,
  { dpop }: GrantClient,
  attempt: Pick<GrantCall, 'grant' | 'credentials' | 'assertions' | 'signal'>,
  report: GrantReport,
): Promise<GrantedToken> {
  const endpoint = await findEndpoint(attempt.signal)
  report.requested(endpoint.url)
  try {
    return await requestGrant({ ...attempt, provider, endpoint, dpop, transport })
  } catch (failure) {
    const isRefusal = failure instanceof NightlatchError && failure.code === 'grant_refused'
    const hint = isRefusal && attempt.assertions?.findHint(endpoint.issuerIdentifier ?? endpoint.issuer?.href)
    throw isRefusal && hint ? withHints(failure, [hint]) : failure
  }
}

function toAcquired(granted: GrantedToken, grant: GrantRequest): AcquiredToken {
  const { accessToken, tokenType, extra, requestedAtWall, requestedAtSteady } = granted
  const lifetimeMs = toMilliseconds(granted.lifetime)
  const token = createAccessToken({
    value: accessToken,
    type: tokenType,
    // A copy: sorting a token's scopes must not change the next request.
    scopes: granted.scopes ?? (grant.scopes.length > 0 ? [...grant.scopes] : undefined),
    expiresAt: lifetimeMs === undefined ? undefined : new Date(requestedAtWall + lifetimeMs),
    extra,
  })
  return { token, requestedAt: requestedAtSteady, lifetimeMs, refreshInMs: toMilliseconds(granted.refreshIn) }
}

function toMilliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1000)
}

/** The credentials of one request to the authorization server, which are read again once if it rejects them (rule L8). */
export class CurrentCredentials {
  readonly #client: GrantClient
  readonly #signal: AbortSignal
  /** If the client authentication has a source: asks it. */
  readonly assertions: AssertionReader | undefined
  #current: Credentials
  #mayRenew = true

  private constructor(
    client: GrantClient,
    current: Credentials,
    { source, now, signal, assertion }: CurrentCredentialsTerms,
  ) {
    this.#client = client
    this.#signal = signal
    this.#current = current
    this.assertions = source && new AssertionReader(source, now, assertion)
  }

  /** @throws what the credentials function throws */
  static async read(client: GrantClient, terms: CurrentCredentialsTerms): Promise<CurrentCredentials> {
    return new CurrentCredentials(client, await client.read(terms.signal, terms.timeout), terms)
  }

  get current(): Credentials {
    return this.#current
  }

  /**
   * Reads other credentials, and asks the source again, if the server rejected what was sent.
   *
   * @returns whether to send the request again. If nothing else can be read, the caller gets the failure.
   */
  async renewAfter(failure: unknown): Promise<boolean> {
    if (!this.#mayRenew || !(failure instanceof NightlatchError) || !isCredentialRejected(failure)) return false
    const others = await this.#client.readOthers(this.#current, this.#signal).catch(() => undefined)
    this.#current = others ?? this.#current
    const hasOtherAssertion =
      this.assertions !== undefined && (await waitFor(this.assertions.renew(), this.#signal).catch(() => false))
    const isRenewed = others !== undefined || hasOtherAssertion
    if (isRenewed) this.#mayRenew = false
    return isRenewed
  }
}

/** What the credentials of one request depend on. */
interface CurrentCredentialsTerms {
  /** The client authentication's, if it has one. */
  readonly source: AssertionSource | undefined
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Aborts at the deadline. */
  readonly signal: AbortSignal
  /** Seconds until the deadline. */
  readonly timeout: number
  /** The JWT that the source has just returned, if it was asked already. */
  readonly assertion?: Assertion | undefined
}
