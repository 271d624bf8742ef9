/** A clock that advances only when a test moves it. */
export interface Clock {
  /** Returns milliseconds since the epoch, like `Date.now()`; can be passed as `now: clock.now`. */
  readonly now: () => number
  /** Moves the clock forward by `seconds`; a negative number moves it back. */
  readonly advance: (seconds: number) => void
}

/**
 * Creates a clock to pass to `createClient` and to an emulation as `now`, so that a test controls when tokens expire.
 *
 * @param start the instant, or milliseconds since the epoch; default the current time
 * @example
 * ```ts
 * const { now, advance } = createClock()
 * await using emulator = await startEmulator(standardEmulation({ now }))
 * const { tokenEndpoint, credentials } = emulator
 * await using client = createClient({ name: 'acme', tokenEndpoint }, { credentials, now })
 * await client.token()
 * advance(3600) // The next call gets another token.
 * ```
 */
export function createClock(start: Date | number = Date.now()): Clock {
  let time = Number(start)
  return {
    now: () => time,
    advance: (seconds) => {
      time += seconds * 1000
    },
  }
}
