import type { Exchange } from './exchange.ts'

/** Responses that may have no bytes for this long, unless they are a stream of events. */
const maxIdleMs = 60_000
const intervalMs = 5000

/** Ends responses whose bytes stopped: the API, or the caller, holds the other's connection. */
export class IdleResponses {
  readonly #open: ReadonlySet<Exchange>
  readonly #timer: NodeJS.Timeout
  /** When the bytes of an exchange were first seen as they are. */
  readonly #seen = new WeakMap<Exchange, { readonly bytes: number; readonly at: number }>()

  constructor(open: ReadonlySet<Exchange>) {
    this.#open = open
    this.#timer = setInterval(() => this.check(performance.now()), intervalMs)
    this.#timer.unref()
  }

  /** @param now milliseconds */
  check(now: number): void {
    for (const exchange of this.#open) {
      // Until the head, the timeout of the upstream counts.
      if (!exchange.response.headersSent || exchange.mayBeSilent) continue
      const { bytesOut } = exchange.entry
      const seen = this.#seen.get(exchange)
      if (seen === undefined || seen.bytes !== bytesOut) this.#seen.set(exchange, { bytes: bytesOut, at: now })
      else if (now - seen.at >= maxIdleMs) exchange.response.destroy()
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
