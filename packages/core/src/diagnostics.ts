import { NightlatchError } from './errors.ts'

/**
 * A grant, from the first attempt to the token: what subscribers of the tracing channel `nightlatch:grant` see. It fills up as
 * the grant goes on. It holds no token; `error` holds nothing that is secret (rule X1).
 */
export interface GrantTrace {
  /** The provider's name. */
  readonly provider: string
  /** Whether it is a background refresh: an older token is still valid. */
  readonly background: boolean
  /** Where the token is asked for, origin and path; `undefined` until an issuer's metadata is read. */
  url: string | undefined
  /** Which attempt it is, from 1. */
  attempt: number
  /** Seconds the token is good for; `undefined` where unknown, and until it is there. */
  lifetime: number | undefined
  error?: Error
}

/** One operation of a token store: what subscribers of `nightlatch:store` see. No key and no entry is in it. */
export interface StoreTrace {
  /** The provider's name. */
  readonly provider: string
  readonly operation: StoreOperation
  /** Why it failed: see the event `store.failed`. */
  reason: string | undefined
  error?: Error
}

/** A discovery of an API, its token included: what subscribers of `nightlatch:discovery` see. */
export interface DiscoveryTrace {
  /** The provider's name. */
  readonly provider: string
  /** Origin and path; `undefined` until it is discovered. */
  baseUrl: string | undefined
  error?: Error
}

/** What a client asks of its token store. */
export type StoreOperation = 'get' | 'set' | 'delete' | 'lock' | 'release'

/** The message of each tracing channel: `nightlatch:grant`, `nightlatch:store`, `nightlatch:discovery`. */
interface Traces {
  readonly grant: GrantTrace
  readonly store: StoreTrace
  readonly discovery: DiscoveryTrace
}

/** Whether anyone listens: a diagnostics channel, or a client's own listener. */
export interface Subscribable {
  readonly hasSubscribers: boolean
}

/** Where events go besides the client's own listener. */
export interface EventChannel extends Subscribable {
  publish(event: object): void
}

/** What can be seen of a client's work from outside, where the platform has `node:diagnostics_channel`. */
export interface Diagnostics {
  /** The channel `nightlatch:event`; `undefined` where there is none. */
  readonly events: EventChannel | undefined
  /**
   * Does work and lets the subscribers of a tracing channel see it. What it results in is not shown to them.
   *
   * @param message what they see
   * @param describe what they see of a failure; whoever asked for the work gets the failure itself
   */
  trace<Name extends keyof Traces, T>(
    name: Name,
    message: Traces[Name],
    work: () => Promise<T>,
    describe?: (failure: unknown) => Error,
  ): Promise<T>
  /** Work that runs in the asynchronous context of this call, whoever starts it; unchanged if no channel has subscribers. */
  bind<F extends (...values: never[]) => unknown>(work: F): F
}

/** No subscriber, on a platform without `node:diagnostics_channel`. */
export const noDiagnostics: Diagnostics = {
  events: undefined,
  trace: (_name, _message, work) => work(),
  bind: (work) => work,
}

/** As much of the module as is used. */
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

/** What the platform offers, asked for now and not at import: other platforms than Node have it, and not all have it. */
export function createDiagnostics(): Diagnostics {
  const channels = findBuiltin<DiagnosticsChannel>('node:diagnostics_channel')
  if (typeof channels?.tracingChannel !== 'function') return noDiagnostics
  // Made when first needed: there may be a hundred thousand clients that never ask for anything.
  const tracing: Partial<Record<keyof Traces, TracingChannel>> = {}
  const channelOf = (name: keyof Traces): TracingChannel => {
    const channel = tracing[name] ?? channels.tracingChannel(`nightlatch:${name}`)
    tracing[name] = channel
    return channel
  }
  // Asked each time, for whoever subscribes may come after the client.
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

function findBuiltin<Module>(name: string): Module | undefined {
  type Platform = { readonly process?: { getBuiltinModule?(name: string): Module | undefined } }
  try {
    return (globalThis as Platform).process?.getBuiltinModule?.(name)
  } catch {
    // Some platforms throw for a module that they do not have.
    return undefined
  }
}

/** Not all platforms have this as a property of the tracing channel itself. */
function hasSubscribers({ start, end, asyncStart, asyncEnd, error }: TracingChannel): boolean {
  return (
    start.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers
  )
}

/** `tracePromise` puts the result into the message, and a result may be a token: so what it sees results in nothing (rule X1). */
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
  // What they see of a failure is not for the caller. A platform that fails before the work began keeps nobody from it.
  await channel.tracePromise(unresolved, message).catch(() => {})
  return await (outcome ?? work())
}

/** A failure that is not this library's, with nothing of it but the name of its kind: it may hold a secret. */
export function withoutMessage(failure: unknown): Error {
  if (failure instanceof NightlatchError) return failure
  return new Error(`${errorKind(failure)}; its message is kept back, for it may hold a secret`)
}

/** What kind of error was thrown, in a word or two. */
export function errorKind(failure: unknown): string {
  if (!(failure instanceof Error)) return 'no Error'
  const { name } = failure
  return typeof name === 'string' && /^[A-Z][A-Za-z]{0,39}$/.test(name) ? name : 'Error'
}
