import { loadWaitUntil, type WaitUntil } from './cloudflare-workers.ts'
import { createRequest, type FlightRequest, type Outcome, type RequestTask } from './flight-request.ts'

/**
 * Single flight on Cloudflare Workers, where a promise dies with the HTTP request that created it (rule L13). Other HTTP
 * requests poll the state with timers of their own; if the heartbeat stops, the first to notice starts another request.
 */
export class WorkersSingleFlight<T> {
  #running: Observed<T> | undefined
  /** The last one that settled and may be cached. */
  #lastResult: Observed<T> | undefined
  /** Loaded with the first request, because an HTTP request that starts a background refresh ends before it could load. */
  #waitUntil: WaitUntil | undefined

  get busy(): boolean {
    return this.#running !== undefined && !isSilent(this.#running, backgroundDeadAfterMs)
  }

  /** A promise belongs to the HTTP request that created it. */
  get joinable(): undefined {
    return undefined
  }

  join(task: RequestTask<T>): Promise<T> {
    return this.#obtain(task, ({ background }) => !background)
  }

  replace(rejected: string, task: RequestTask<T>): Promise<T> {
    return this.#obtain(task, (request) => request.rejected.has(rejected), rejected)
  }

  refresh(task: RequestTask<T>): void {
    if (!this.busy) this.#start(task, true, performance.now())
  }

  purge(): void {
    if (this.#running !== undefined) this.#running.request.cacheable = false
    this.#lastResult = undefined
  }

  /** The request belongs to another HTTP request, so it runs to its end; its result is not cached. */
  cancel(): void {
    if (this.#running?.request.background) this.#running.request.cacheable = false
  }

  /** Waits for a request that serves as well as one started now, or starts one. */
  async #obtain(task: RequestTask<T>, serves: (request: FlightRequest<T>) => boolean, rejected?: string): Promise<T> {
    const queuedAt = performance.now()
    const lastResultBefore = this.#lastResult
    for (;;) {
      if (rejected !== undefined) this.cancel()
      const running = this.#running
      if (!running?.request.cacheable) return await this.#start(task, false, queuedAt, rejected).request.result
      await this.#poll(running)
      // Another request may have started and settled between two polls.
      for (const settled of [running, this.#lastResult]) {
        if (settled === undefined || settled === lastResultBefore) continue
        if (settled.outcome === undefined || !serves(settled.request)) continue
        if ('failure' in settled.outcome) throw settled.outcome.failure
        return settled.outcome.value
      }
    }
  }

  #start(task: RequestTask<T>, background: boolean, queuedAt: number, rejected?: string): Observed<T> {
    const { request, start } = createRequest(task, background, queuedAt)
    if (rejected !== undefined) request.rejected.add(rejected)
    const started: Observed<T> = { request, heartbeatAt: performance.now(), outcome: undefined }
    this.#running = started
    const heartbeat = setInterval(() => {
      started.heartbeatAt = performance.now()
    }, heartbeatMs)
    start((outcome) => {
      clearInterval(heartbeat)
      started.outcome = outcome
      if (request.cacheable) this.#lastResult = started
      this.#remove(started)
    })
    void this.#keepAlive(request.result)
    return started
  }

  async #keepAlive(result: Promise<T>): Promise<void> {
    this.#waitUntil ??= await loadWaitUntil()
    this.#waitUntil(result)
  }

  /** Waits until a request has settled, or is dead. */
  async #poll(running: Observed<T>): Promise<void> {
    let pollMs = firstPollMs
    for (let silentPolls = 0; running.outcome === undefined && silentPolls < deadAfterPolls; ) {
      const waitMs = pollMs * (0.5 + Math.random())
      await new Promise((resolve) => setTimeout(resolve, waitMs))
      pollMs = Math.min(pollMs * 2, maxPollMs)
      silentPolls = isSilent(running, deadAfterMs) ? silentPolls + 1 : 0
    }
    this.#remove(running)
  }

  #remove(settled: Observed<T>): void {
    if (this.#running === settled) this.#running = undefined
  }
}

const heartbeatMs = 50

/** A request counts as dead after this many polls in a row without a heartbeat for this long. One poll could be a stall of the isolate. */
const deadAfterMs = 500
const deadAfterPolls = 3

/** Another background refresh may start after this silence. It is long, because each HTTP request could start one that dies with it. */
const backgroundDeadAfterMs = 10_000

/** The time between two polls doubles from the first to the maximum, with random jitter. */
const firstPollMs = 5
const maxPollMs = 50

/** What other HTTP requests see of a token request: plain data, no promise. */
interface Observed<T> {
  readonly request: FlightRequest<T>
  heartbeatAt: number
  outcome: Outcome<T> | undefined
}

function isSilent({ heartbeatAt }: Observed<unknown>, afterMs: number): boolean {
  return performance.now() - heartbeatAt > afterMs
}
