import type { EventEmitter } from 'node:events'

/** The types that undici accepts as a request's `signal`. */
export type AbortSource = AbortSignal | EventEmitter

/** Runs cancellable work with an `AbortSignal`; the listener on an emitter is removed once the work has settled. */
export function withSignal<T>(
  source: AbortSource | undefined,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (source === undefined || 'addEventListener' in source) return work(source)
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  source.once('abort', abort)
  return work(controller.signal).finally(() => source.removeListener('abort', abort))
}
