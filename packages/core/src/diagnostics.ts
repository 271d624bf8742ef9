import { NightlatchError, withLabel } from './errors.ts'

/** Publishes a client's work on `node:diagnostics_channel`, if the platform has it. */
export interface Diagnostics {
  /** The channel `nightlatch:event`; `undefined` if the platform has none. */
  readonly events: EventChannel | undefined
  /**
   * Does work and publishes its start and end on a tracing channel, without its result.
   *
   * @param message what subscribers get
   * @param describe what subscribers get of a failure; the caller gets the failure itself
   */
  trace<Name extends keyof Traces, T>(
    name: Name,
    message: Traces[Name],
    work: () => Promise<T>,
    describe?: (failure: unknown) => Error,
  ): Promise<T>
  /** Binds work to the asynchronous context of this call, so that it runs there later; unchanged if no channel has subscribers. */
  bind<F extends (...values: never[]) => unknown>(work: F): F
}

/** Looks for `node:diagnostics_channel` at run time, because not every platform has it. */
export function createDiagnostics(): Diagnostics {
  const channels = findBuiltin<DiagnosticsChannel>('node:diagnostics_channel')
  if (typeof channels?.tracingChannel !== 'function') return noDiagnostics
  // Created when first needed, because many clients may never request a token.
  const tracing: Partial<Record<keyof Traces, TracingChannel>> = {}
  const channelOf = (name: keyof Traces): TracingChannel => {
    const channel = tracing[name] ?? channels.tracingChannel(`nightlatch:${name}`)
    tracing[name] = channel
    return channel
  }
  // Checked each time, because a subscriber may come after the client.
  const isTraced = (name: keyof Traces): boolean => hasSubscribers(channelOf(name))
  return {
    events: channels.channel('nightlatch:event'),
    trace: (name, message, work, describe = withoutMessage) =>
      isTraced(name) ? traceUnresolved(channelOf(name), message, work, describe) : work(),
    bind(work) {
      if (!isTraced('grant') && !isTraced('store')) return work
      return findBuiltin<AsyncHooks>('node:async_hooks')?.AsyncLocalStorage?.bind?.(work) ?? work
    },
  }
}

/** No subscriber, on a platform without `node:diagnostics_channel`. */
export const noDiagnostics: Diagnostics = {
  events: undefined,
  trace: (_name, _message, work) => work(),
  bind: (work) => work,
}

/** Whether anyone listens: a diagnostics channel, or a client's own listener. */
export interface Subscribable {
  readonly hasSubscribers: boolean
}

/** Receives events besides the client's own listener. */
export interface EventChannel extends Subscribable {
  publish(event: object): void
}

/**
 * The message of the tracing channel `nightlatch:grant`: a grant from its first attempt to its token. Its fields are set as the
 * grant proceeds; it holds no token, and `error` no secret.
 */
export interface GrantTrace {
  /** The provider's name. */
  readonly provider: string
  /** The client's `label`, or a pool's tenant; absent if there is none. */
  readonly label?: string
  /** Whether it is a background refresh: an older token is still valid. */
  readonly background: boolean
  /** The token endpoint, origin and path; `undefined` until an issuer's metadata is read. */
  url: string | undefined
  /** Which attempt it is, from 1. */
  attempt: number
  /** Seconds the token is valid; `undefined` if unknown, and until the token is there. */
  lifetime: number | undefined
  error?: Error
}

/** The message of `nightlatch:store`: one operation of a token store, without its key and entry. */
export interface StoreTrace {
  /** The provider's name. */
  readonly provider: string
  /** The client's `label`, or a pool's tenant; absent if there is none. */
  readonly label?: string
  readonly operation: StoreOperation
  /** Why it failed: see the event `store.failed`. */
  reason: string | undefined
  error?: Error
}

/** The message of `nightlatch:discovery`: a discovery of an API, its token included. */
export interface DiscoveryTrace {
  /** The provider's name. */
  readonly provider: string
  /** The client's `label`, or a pool's tenant; absent if there is none. */
  readonly label?: string
  /** Origin and path; `undefined` until it is discovered. */
  baseUrl: string | undefined
  error?: Error
}

/** What a client does with its token store. */
export type StoreOperation = 'get' | 'set' | 'delete' | 'lock' | 'release'

/** The message of each tracing channel: `nightlatch:grant`, `nightlatch:store`, `nightlatch:discovery`. */
interface Traces {
  readonly grant: GrantTrace
  readonly store: StoreTrace
  readonly discovery: DiscoveryTrace
}

/** The part of the module that is used. */
interface DiagnosticsChannel {
  channel(name: string): EventChannel
  tracingChannel(name: string): TracingChannel
}

interface TracingChannel {
  readonly start: Subscribable
  readonly end: Subscribable
  readonly asyncStart: Subscribable
  readonly asyncEnd: Subscribable
  readonly error: Subscribable
  tracePromise(work: () => Promise<void>, message: object): Promise<void>
}

interface AsyncHooks {
  readonly AsyncLocalStorage?: { bind?<F>(work: F): F }
}

function findBuiltin<Module>(name: string): Module | undefined {
  type Platform = { readonly process?: { getBuiltinModule?(name: string): Module | undefined } }
  try {
    return (globalThis as Platform).process?.getBuiltinModule?.(name)
  } catch {
    // Some platforms throw for an unknown module.
    return undefined
  }
}

/** Not every platform has this as a property of the tracing channel itself. */
function hasSubscribers({ start, end, asyncStart, asyncEnd, error }: TracingChannel): boolean {
  return (
    start.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers
  )
}

/** `tracePromise` puts the result into the message, so it gets a promise without one: the result may be a token (rule X1). */
async function traceUnresolved<T>(
  channel: TracingChannel,
  message: object,
  work: () => Promise<T>,
  describe: (failure: unknown) => Error,
): Promise<T> {
  let outcome: Promise<T> | undefined
  const unresolved = async (): Promise<void> => {
    try {
      outcome = work()
      await outcome
    } catch (failure) {
      throw describe(failure)
    }
  }
  // The caller gets the outcome of the work itself, even if the platform fails to trace it.
  await channel.tracePromise(unresolved, message).catch(() => {})
  return await (outcome ?? work())
}

/** Another's error, reduced to its kind: its message may hold a secret. */
export function withoutMessage(failure: unknown): Error {
  if (failure instanceof NightlatchError) return failure
  return new Error(`${errorKind(failure)}; its message is withheld because it may hold a secret`)
}

/** The kind of an error, in a word or two. */
export function errorKind(failure: unknown): string {
  if (!(failure instanceof Error)) return 'no Error'
  const { name } = failure
  return typeof name === 'string' && /^[A-Z][A-Za-z]{0,39}$/.test(name) ? name : 'Error'
}

/** Creates the error that events show. Of a foreign error it shows only the type, because its message may contain a secret (rule X1). */
export function toReportableError(provider: string, failure: unknown, label?: string): NightlatchError {
  if (failure instanceof NightlatchError) return withLabel(failure, label)
  const error = new NightlatchError(
    'invalid_options',
    `${provider}: the credentials function or a function of the provider threw (${errorKind(failure)}); the message is withheld here because it may contain a secret, and the caller gets the original error`,
    { provider },
  )
  return withLabel(error, label)
}
