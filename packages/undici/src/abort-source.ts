import type { EventEmitter } from 'node:events'

/** What undici takes as a request's `signal`. */
export type AbortSource = AbortSignal | EventEmitter

/** Does what a caller may give up, with a signal of the platform's kind; an emitter is listened to only meanwhile. */
export function heed<T>(
  source: AbortSource | undefined,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (source === undefined || 'addEventListener' in source) return work(source)
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  source.once('abort', abort)
  return work(controller.signal).finally(() => source.removeListener('abort', abort))
}
