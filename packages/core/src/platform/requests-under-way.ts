import type { Fetch } from './fetch.ts'

/**
 * The requests a client makes to the authorization server, as long as they are under way. Whoever authorises every request of
 * a process must not make these wait for the very token they are to bring.
 */
export class RequestsUnderWay {
  readonly #counts = new Map<string, number>()

  /** @param address as it was handed to the transport */
  has(address: string): boolean {
    // Mostly there are none, and an address put together just now costs time to look up.
    return this.#counts.size > 0 && this.#counts.has(address)
  }

  /** The transport, watched. */
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
