import type { EventChannel, StoreOperation } from './diagnostics.ts'
import type { NightlatchError } from './errors.ts'

/** What every event tells. Durations are seconds; no event ever holds a secret (rule X1). */
interface EventOf<Type extends string> {
  readonly type: Type
  /** The provider's name. */
  readonly provider: string
}

/**
 * A call got a token. Nothing to do; most are from memory. The one event of the common path: where nobody listens, it is not
 * made.
 */
export interface TokenServedEvent extends EventOf<'token.served'> {
  /**
   * Where it came from: `memory`, the token at hand; `store`, others left it there; `flight`, a flight that another call
   * began, or that just ended; `grant`, this call's own.
   */
  readonly from: 'memory' | 'store' | 'flight' | 'grant'
  /** Seconds the call waited; 0 from memory. */
  readonly duration: number
  /** Seconds for which the token will still be handed out; for one of unknown lifetime, as long as it is kept. */
  readonly remaining: number
}

/** The authorization server gave a token. Nothing to do. */
export interface TokenGrantedEvent extends EventOf<'token.granted'> {
  /** From the first attempt to the token, in seconds. */
  readonly duration: number
  /** Which attempt it was, from 1. */
  readonly attempt: number
  /** Whether it happened behind the callers' backs, while an older token was still good. */
  readonly ahead: boolean
  /** Seconds the token is good for; `undefined` where unknown. */
  readonly lifetime: number | undefined
  /**
   * `true` if the answer's lifetime looks like milliseconds (`3600000`), so that the client would keep a token that has expired.
   * What to do: let the provider's `readTokenResponse` return `expiresIn: secondsFromMilliseconds(...)`. Absent otherwise.
   */
  readonly suspectsMilliseconds?: boolean
}

/** An attempt at a grant failed, and another follows. Many of these: the authorization server is unwell. */
export interface TokenRetriedEvent extends EventOf<'token.retried'> {
  readonly duration: number
  /** Which attempt it was, from 1. */
  readonly attempt: number
  readonly ahead: boolean
  /** Seconds until the next attempt. */
  readonly wait: number
  readonly error: NightlatchError
}

/**
 * A grant failed for good, or could not be tried. Look at `error.code`, `error.error` and `error.hints`. Where a function of
 * yours threw (that reads the credentials, say), the caller gets what it threw, and `error` only says of which kind that was.
 */
export interface TokenRefusedEvent extends EventOf<'token.refused'> {
  readonly duration: number
  readonly attempt: number
  readonly ahead: boolean
  readonly error: NightlatchError
}

/** The token store failed or was too slow; the token is had without it. Look at the store. */
export interface StoreFailedEvent extends EventOf<'store.failed'> {
  readonly operation: StoreOperation
  /** `timed_out`, or the error's code, such as `ECONNREFUSED`; `undefined` where it has none. Never the store's own words. */
  readonly reason: string | undefined
}

/** The token store answers again. Nothing to do. */
export interface StoreRecoveredEvent extends EventOf<'store.recovered'> {}

/** The provider's discovery named the API. Nothing to do; `baseUrl` is where calls go from now on. */
export interface ApiDiscoveredEvent extends EventOf<'api.discovered'> {
  readonly duration: number
  /** Origin and path. */
  readonly baseUrl: string
}

/** The discovery of the API failed; it is tried again with the next call. Look at `error.code` and `error.hints`. */
export interface DiscoveryFailedEvent extends EventOf<'discovery.failed'> {
  readonly duration: number
  readonly error: NightlatchError
}

/** The API refused a token with 401; the request went out once more with another. Many of these: something revokes tokens. */
export interface RequestRepeatedEvent extends EventOf<'request.repeated'> {
  /** Origin and path. */
  readonly url: string
  /** The status that made it repeat. */
  readonly status: number
}

/** A URL was refused the token. Either the call is wrong, or the provider's `apiOrigins` lacks an origin. */
export interface OriginRefusedEvent extends EventOf<'origin.refused'> {
  /** The origin that was refused. */
  readonly origin: string
  readonly error: NightlatchError
}

/** What a client tells of its work: one member a type. */
export type ClientEvent =
  | TokenServedEvent
  | TokenGrantedEvent
  | TokenRetriedEvent
  | TokenRefusedEvent
  | StoreFailedEvent
  | StoreRecoveredEvent
  | ApiDiscoveredEvent
  | DiscoveryFailedEvent
  | RequestRepeatedEvent
  | OriginRefusedEvent

/** Tells the listener, whose own failures stay its own. */
export type Emit = (event: ClientEvent) => void

/**
 * What tells the client's own listener, and the process's channel. A listener that throws, or a promise of it that rejects,
 * must not reach the client's callers; what a subscriber of the channel throws, the platform makes an uncaught exception.
 */
export function toEmit(listener: ((event: ClientEvent) => void) | undefined, channel?: EventChannel): Emit {
  return (event) => {
    if (channel?.hasSubscribers) channel.publish(event)
    if (listener === undefined) return
    try {
      const result: unknown = listener(event)
      if (result instanceof Promise) result.catch(() => {})
    } catch {
      // The listener's failure is the listener's affair.
    }
  }
}
