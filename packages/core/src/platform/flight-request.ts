/** One request in flight, which any number of callers wait for. */
export interface FlightRequest<T> {
  readonly result: Promise<T>
  /** Whether it is a background refresh: no caller waits for it, and it may be cancelled. */
  readonly background: boolean
  /** The rejected values that it replaces. A caller joins it with a rejected value only if that value is in this set. */
  readonly rejected: Set<string>
  /** Whether its result may be cached; `false` once it was purged or cancelled. */
  cacheable: boolean
  readonly controller: AbortController
}

/**
 * Does the work of one request.
 *
 * @param queuedMs how long the request waited for the one before it
 */
export type RequestTask<T> = (request: FlightRequest<T>, queuedMs: number) => Promise<T>

/** How a request settled. */
export type Outcome<T> = { readonly value: T } | { readonly failure: unknown }

/** A request that has not started. */
export interface PendingRequest<T> {
  readonly request: FlightRequest<T>
  /** @param onSettled called when the work is done, before the callers continue */
  start(onSettled: (outcome: Outcome<T>) => void): void
}

/** Creates a request that has not started. If no caller waits for it, its failure causes no unhandled rejection. */
export function createRequest<T>(
  task: RequestTask<T>,
  background: boolean,
  queuedAt: number = performance.now(),
): PendingRequest<T> {
  const { promise: result, resolve, reject } = Promise.withResolvers<T>()
  result.catch(() => {})
  const controller = new AbortController()
  const request: FlightRequest<T> = { result, background, rejected: new Set(), cacheable: true, controller }
  return {
    request,
    start(onSettled) {
      task(request, performance.now() - queuedAt).then(
        (value) => {
          onSettled({ value })
          resolve(value)
        },
        (failure: unknown) => {
          onSettled({ failure })
          reject(failure)
        },
      )
    },
  }
}
