/** A clock that stands still until a test moves it. */
export interface Clock {
  /** Milliseconds since the epoch, as `Date.now()`; needs no `this`, so that it can be handed on as `now: clock.now`. */
  readonly now: () => number
  /** Moves the clock forward by `seconds`; a negative number sets it back. */
  readonly advance: (seconds: number) => void
}

/** A clock to hand to `createClient` and to an emulation as their `now`, so that tokens age in both at the test's word; `start` is by default the present moment. */
export function createClock(start: Date | number = Date.now()): Clock {
  let time = Number(start)
  return {
    now: () => time,
    advance: (seconds) => {
      time += seconds * 1000
    },
  }
}
