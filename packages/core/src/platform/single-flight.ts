import { isCloudflareWorkers } from './cloudflare-workers.ts'
import { createRequest, type FlightRequest, type PendingRequest, type RequestTask } from './flight-request.ts'
import { WorkersSingleFlight } from './workers-single-flight.ts'

/** Lets callers that need the same value share one request (rule L3). */
export interface SingleFlight<T> {
  /** Whether a request is in flight. */
  readonly busy: boolean
  /** The result that `join` would return without a task; `undefined` if it would need one. */
  readonly joinable: Promise<T> | undefined
  /** Waits for a value. A background refresh does not retry, so callers do not join it; they queue a request of their own. */
  join(task: RequestTask<T>): Promise<T>
  /**
   * Waits for a value other than the rejected one. A request that started before the rejection may return that very value, so
   * it is not joined; a background refresh is cancelled.
   */
  replace(rejected: string, task: RequestTask<T>): Promise<T>
  /** Starts a background refresh, unless a request is in flight. */
  refresh(task: RequestTask<T>): void
  /** The request in flight still answers its callers, but its result is not cached. A queued request is not affected. */
  purge(): void
  /** Cancels a background refresh. */
  cancel(): void
}

/**
 * Creates the single flight that fits the platform.
 *
 * @param onIdle called when it is no longer needed; never on Cloudflare Workers
 */
export function createSingleFlight<T>(onIdle?: () => void): SingleFlight<T> {
  return isCloudflareWorkers() ? new WorkersSingleFlight() : new SingleFlightQueue(onIdle)
}

/** Single flight with a queue of one: a request that has not started may be joined by every caller. */
export class SingleFlightQueue<T> implements SingleFlight<T> {
  readonly #onIdle: () => void
  #running: PendingRequest<T> | undefined
  #next: PendingRequest<T> | undefined

  /** @param onIdle called when the last request has settled, before its callers continue */
  constructor(onIdle: () => void = () => {}) {
    this.#onIdle = onIdle
  }

  get busy(): boolean {
    return this.#running !== undefined
  }

  get joinable(): Promise<T> | undefined {
    const running = this.#running?.request
    return this.#next === undefined && running?.cacheable && !running.background ? running.result : undefined
  }

  join(task: RequestTask<T>): Promise<T> {
    return this.joinable ?? this.#enqueue(task).result
  }

  replace(rejected: string, task: RequestTask<T>): Promise<T> {
    const running = this.#running?.request
    if (running?.cacheable && running.rejected.has(rejected)) return running.result
    this.cancel()
    return this.#enqueue(task, rejected).result
  }

  refresh(task: RequestTask<T>): void {
    if (this.#running === undefined) this.#start(createRequest(task, true))
  }

  purge(): void {
    this.cancel()
    if (this.#running !== undefined) this.#running.request.cacheable = false
  }

  cancel(): void {
    const running = this.#running?.request
    if (!running?.background) return
    running.cacheable = false
    running.controller.abort(new Error('the background refresh was cancelled'))
  }

  #enqueue(task: RequestTask<T>, rejected?: string): FlightRequest<T> {
    const pending = this.#next ?? createRequest(task, false)
    // Before it starts, because it looks at them then.
    if (rejected !== undefined) pending.request.rejected.add(rejected)
    if (this.#running === undefined) this.#start(pending)
    else this.#next = pending
    return pending.request
  }

  #start(pending: PendingRequest<T>): void {
    this.#running = pending
    pending.start(() => {
      const next = this.#next
      this.#running = undefined
      this.#next = undefined
      if (next === undefined) this.#onIdle()
      else this.#start(next)
    })
  }
}
