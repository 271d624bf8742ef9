import type { Fetch } from './fetch.ts'

/**
 * Knows which requests of a client to the authorization server are in flight. An interceptor that authorizes all requests of a
 * process lets these pass without a token, because they would wait for themselves.
 */
export class InFlightRequests {
  readonly #counts = new Map<string, number>()

  /** @param address the URL as it was passed to the transport */
  has(address: string): boolean {
    // The size is checked first, because hashing a new string costs time and the map is usually empty.
    return this.#counts.size > 0 && this.#counts.has(address)
  }

  /** Wraps the transport, so that its requests are counted while they are in flight. */
  watch(fetch: Fetch): Fetch {
    return async (input, init) => {
      const address = input instanceof Request ? input.url : new URL(input).href
      this.#counts.set(address, (this.#counts.get(address) ?? 0) + 1)
      try {
        return await fetch(input, init)
      } finally {
        const rest = (this.#counts.get(address) ?? 1) - 1
        if (rest === 0) this.#counts.delete(address)
        else this.#counts.set(address, rest)
      }
    }
  }
}
