import type { EventChannel, StoreOperation } from './diagnostics.ts'
import type { NightlatchError } from './errors.ts'

/** What a client emits: one member per type. */
export type ClientEvent =
  | TokenServedEvent
  | TokenGrantedEvent
  | GrantRetriedEvent
  | GrantFailedEvent
  | StoreFailedEvent
  | StoreRecoveredEvent
  | ApiDiscoveredEvent
  | DiscoveryFailedEvent
  | RequestRepeatedEvent
  | OriginRefusedEvent

/** What every event holds. Durations are seconds; no event holds a secret (rule X1). */
interface EventOf<Type extends string> {
  readonly type: Type
  /** The provider's name. */
  readonly provider: string
  /** The client's `label`, or a pool's tenant; absent if there is none. A store that a pool's tenants share has none. */
  readonly label?: string
}

/** A call got a token. Nothing to do; most are from memory. It is created only if there is a listener. */
export interface TokenServedEvent extends EventOf<'token.served'> {
  /**
   * Where the token came from: `memory`; `store`, where another client wrote it; `flight`, the token request of another call;
   * `grant`, this call's own token request.
   */
  readonly from: 'memory' | 'store' | 'flight' | 'grant'
  /** Seconds the call waited; 0 from memory. */
  readonly duration: number
  /** Seconds for which the token will still be served. */
  readonly remaining: number
}

/** The authorization server granted a token. Nothing to do. */
export interface TokenGrantedEvent extends EventOf<'token.granted'> {
  /** From the first attempt to the token, in seconds. */
  readonly duration: number
  /** Which attempt it was, from 1. */
  readonly attempt: number
  /** Whether it was a background refresh: an older token was still valid. */
  readonly background: boolean
  /** Seconds the token is valid; `undefined` if unknown. */
  readonly lifetime: number | undefined
  /**
   * `true` if the response's lifetime looks like milliseconds (`3600000`), so that the client would use an expired token. Let the provider's `readTokenResponse` return `expiresIn: secondsFromMilliseconds(...)`. Absent otherwise.
   */
  readonly suspectsMilliseconds?: boolean
}

/** An attempt at a grant failed, and another follows. Many of these: the authorization server has a problem. */
export interface GrantRetriedEvent extends EventOf<'grant.retried'> {
  readonly duration: number
  /** Which attempt it was, from 1. */
  readonly attempt: number
  readonly background: boolean
  /** Seconds until the next attempt. */
  readonly wait: number
  readonly error: NightlatchError
}

/**
 * A grant failed after all its attempts, or could not start. Look at `error.code`, `error.error` and `error.hints`. If a
 * function of yours threw, the caller gets what it threw, and `error` only names the kind of error.
 */
export interface GrantFailedEvent extends EventOf<'grant.failed'> {
  readonly duration: number
  readonly attempt: number
  readonly background: boolean
  readonly error: NightlatchError
}

/** The token store failed or was too slow, and the client continues without it. Look at the store. */
export interface StoreFailedEvent extends EventOf<'store.failed'> {
  readonly operation: StoreOperation
  /** `timed_out`, or the error's code, such as `ECONNREFUSED`; `undefined` if it has none. Never the store's own message. */
  readonly reason: string | undefined
}

/** The token store works again. Nothing to do. */
export interface StoreRecoveredEvent extends EventOf<'store.recovered'> {}

/** The provider's discovery found the API. Nothing to do; calls go to `baseUrl` from now on. */
export interface ApiDiscoveredEvent extends EventOf<'api.discovered'> {
  readonly duration: number
  /** Origin and path. */
  readonly baseUrl: string
}

/** The discovery of the API failed; the next call retries it. Look at `error.code` and `error.hints`. */
export interface DiscoveryFailedEvent extends EventOf<'discovery.failed'> {
  readonly duration: number
  readonly error: NightlatchError
}

/** The API rejected a token with 401; the request is sent again with another. Many of these: something revokes tokens. */
export interface RequestRepeatedEvent extends EventOf<'request.repeated'> {
  /** Origin and path. */
  readonly url: string
  /** The status that made it repeat. */
  readonly status: number
}

/** A URL is not an allowed origin for the token. Either the call is wrong, or the provider's `apiOrigins` lacks an origin. */
export interface OriginRefusedEvent extends EventOf<'origin.refused'> {
  /** The origin that is not allowed. */
  readonly origin: string
  readonly error: NightlatchError
}

/** Which client an event is about: the members that every event has. The label is absent, and not `undefined`, if there is none. */
export function clientFields(provider: string, label: string | undefined): Omit<EventOf<never>, 'type'> {
  return label === undefined ? { provider } : { provider, label }
}

/** Emits an event; a listener's failure is ignored. */
export type Emit = (event: ClientEvent) => void

/**
 * Emits to the client's own listener and to the process's channel. A failure of the listener must not reach the client's
 * callers; what a subscriber of the channel throws, the platform makes an uncaught exception.
 */
export function toEmit(listener: ((event: ClientEvent) => void) | undefined, channel?: EventChannel): Emit {
  return (event) => {
    if (channel?.hasSubscribers) channel.publish(event)
    if (listener === undefined) return
    try {
      const result: unknown = listener(event)
      if (result instanceof Promise) result.catch(() => {})
    } catch {
      // The listener's failure is ignored.
    }
  }
}
