import type { LatchkeyError } from './errors.ts'

/** What every event tells. Durations are seconds; no event ever holds a secret (rule X1). */
interface EventOf<Type extends string> {
  readonly type: Type
  /** The provider's name. */
  readonly provider: string
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
}

/** An attempt at a grant failed, and another follows. Many of these: the authorization server is unwell. */
export interface TokenRetriedEvent extends EventOf<'token.retried'> {
  readonly duration: number
  /** Which attempt it was, from 1. */
  readonly attempt: number
  readonly ahead: boolean
  /** Seconds until the next attempt. */
  readonly wait: number
  readonly error: LatchkeyError
}

/** A grant failed for good. Look at `error.code`, `error.error` and `error.hints`. */
export interface TokenRefusedEvent extends EventOf<'token.refused'> {
  readonly duration: number
  readonly attempt: number
  readonly ahead: boolean
  readonly error: LatchkeyError
}

/** The token store failed or was too slow; the token is had without it. Look at the store. */
export interface StoreFailedEvent extends EventOf<'store.failed'> {
  readonly operation: 'get' | 'set' | 'delete' | 'lock' | 'release'
}

/** The token store answers again. Nothing to do. */
export interface StoreRecoveredEvent extends EventOf<'store.recovered'> {}

/** The provider's discovery named the API. Nothing to do; `baseUrl` is where calls go from now on. */
export interface ApiDiscoveredEvent extends EventOf<'api.discovered'> {
  readonly duration: number
  /** Origin and path. */
  readonly baseUrl: string
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
  readonly error: LatchkeyError
}

/** What a client tells of its work: one member a type. */
export type ClientEvent =
  | TokenGrantedEvent
  | TokenRetriedEvent
  | TokenRefusedEvent
  | StoreFailedEvent
  | StoreRecoveredEvent
  | ApiDiscoveredEvent
  | RequestRepeatedEvent
  | OriginRefusedEvent

/** Tells the listener, whose own failures stay its own. */
export type Emit = (event: ClientEvent) => void

/** A listener that throws, or a promise of it that rejects, must not reach the client's callers. */
export function toEmit(listener: ((event: ClientEvent) => void) | undefined): Emit {
  if (listener === undefined) return () => {}
  return (event) => {
    try {
      const result: unknown = listener(event)
      if (result instanceof Promise) result.catch(() => {})
    } catch {
      // The listener's failure is the listener's affair.
    }
  }
}
