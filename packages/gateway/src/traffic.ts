/** Upper bounds of the histogram of durations, in seconds. */
export const durationBounds: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** The requests of one caller to one upstream. */
export class TrafficCount {
  readonly caller: string
  readonly upstream: string
  readonly statuses: Map<number, number> = new Map()
  /** Requests per bound, not cumulative; the last is for longer ones. */
  readonly durations: number[] = new Array<number>(durationBounds.length + 1).fill(0)
  total = 0
  seconds = 0
  bytesIn = 0
  bytesOut = 0
  attempts = 0

  constructor(caller: string, upstream: string) {
    this.caller = caller
    this.upstream = upstream
  }

  add(status: number, seconds: number, bytesIn: number, bytesOut: number, attempts: number): void {
    this.total += 1
    this.seconds += seconds
    this.bytesIn += bytesIn
    this.bytesOut += bytesOut
    this.attempts += attempts
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
    let at = 0
    while (at < durationBounds.length && seconds > (durationBounds[at] as number)) at += 1
    this.durations[at] = (this.durations[at] as number) + 1
  }
}

/** Counts requests by caller and upstream; both are names of the configuration, so that their number is bounded. */
export class Traffic {
  readonly #counts = new Map<string, Map<string, TrafficCount>>()

  /** @param caller empty if it is unknown, or without a `callers` section; `upstream` likewise */
  of(caller: string, upstream: string): TrafficCount {
    let ofCaller = this.#counts.get(caller)
    if (ofCaller === undefined) {
      ofCaller = new Map()
      this.#counts.set(caller, ofCaller)
    }
    const known = ofCaller.get(upstream)
    if (known !== undefined) return known
    const count = new TrafficCount(caller, upstream)
    ofCaller.set(upstream, count)
    return count
  }

  get all(): readonly TrafficCount[] {
    return [...this.#counts.values()].flatMap((ofCaller) => [...ofCaller.values()])
  }
}
