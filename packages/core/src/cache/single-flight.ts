/** One piece of work that several callers wait for. */
export interface Flight<T> {
  readonly result: Promise<T>
  /** Behind the callers' backs: nobody waits for it, and it may be broken off. */
  readonly ahead: boolean
  /** The values whose refusal it answers: whoever was refused one of them may join it though it is under way. */
  readonly rejected: Set<string>
  /** Whether what it brings may still be kept; not after its purge. */
  wanted: boolean
  readonly controller: AbortController
  /** Stands for it where it is told of; nothing is in it. */
  readonly mark: object
}

/** Does a flight's work. The signal ends when it is broken off; `waited` is how many milliseconds it stood in the queue. */
export type Pilot<T> = (flight: Flight<T>, waited: number) => Promise<T>

/** The flights of one identity (rule L3). */
export interface Flights<T> {
  /** Whether a flight is under way. */
  readonly busy: boolean
  /** What is under way. */
  readonly underWay: Flight<T> | undefined
  /** For those who need a value. One behind the callers' backs repeats nothing, so they get one of their own after it. */
  join(pilot: Pilot<T>): Promise<T>
  /**
   * For one whose value was refused: a flight that began before may bring that very value. One behind the callers' backs is
   * broken off, for what it brings serves nobody any more.
   */
  replace(rejected: string, pilot: Pilot<T>): Promise<T>
  /** Behind the callers' backs, unless something is under way already. */
  flyAhead(pilot: Pilot<T>): void
  /** What is under way still answers those who wait for it, and is not kept; what has not begun yet is. */
  purge(): void
  /** Ends what nobody waits for. */
  breakOff(): void
}

/**
 * At most one flight under way, and at most one that waits for it (rule L3). What has not begun may be joined by anybody;
 * what is under way, by those whom it serves as well as a new one would.
 */
export class FlightQueue<T> implements Flights<T> {
  readonly #idle: () => void
  #running: Prepared<T> | undefined
  #next: Prepared<T> | undefined

  /** @param idle called when the last flight is over, before anybody who waited for it goes on */
  constructor(idle: () => void = () => {}) {
    this.#idle = idle
  }

  get busy(): boolean {
    return this.#running !== undefined
  }

  get underWay(): Flight<T> | undefined {
    return this.#running?.flight
  }

  join(pilot: Pilot<T>): Promise<T> {
    const running = this.#running?.flight
    if (this.#next === undefined && running?.wanted && !running.ahead) return running.result
    return this.#queue(pilot).result
  }

  replace(rejected: string, pilot: Pilot<T>): Promise<T> {
    const running = this.#running?.flight
    if (running?.wanted && running.rejected.has(rejected)) return running.result
    this.breakOff()
    const next = this.#queue(pilot)
    next.rejected.add(rejected)
    return next.result
  }

  flyAhead(pilot: Pilot<T>): void {
    if (this.#running === undefined) this.#start(createFlight(pilot, true))
  }

  purge(): void {
    this.breakOff()
    if (this.#running !== undefined) this.#running.flight.wanted = false
  }

  breakOff(): void {
    const running = this.#running?.flight
    if (!running?.ahead) return
    running.wanted = false
    running.controller.abort(new Error('this flight is not wanted any more'))
  }

  #queue(pilot: Pilot<T>): Flight<T> {
    if (this.#next !== undefined) return this.#next.flight
    const prepared = createFlight(pilot, false)
    if (this.#running === undefined) this.#start(prepared)
    else this.#next = prepared
    return prepared.flight
  }

  #start(prepared: Prepared<T>): void {
    this.#running = prepared
    prepared.begin(() => {
      const next = this.#next
      this.#running = undefined
      this.#next = undefined
      if (next === undefined) this.#idle()
      else this.#start(next)
    })
  }
}

/** How a flight ended. */
export type Outcome<T> = { readonly value: T } | { readonly failure: unknown }

interface Prepared<T> {
  readonly flight: Flight<T>
  /** @param over called when the work is over, before anybody who waited for it goes on */
  begin(over: (outcome: Outcome<T>) => void): void
}

/** A flight that has not begun. Its failure reaches those who wait, and is nobody's unhandled rejection when none does. */
export function createFlight<T>(pilot: Pilot<T>, ahead: boolean, queuedAt: number = performance.now()): Prepared<T> {
  const { promise: result, resolve, reject } = Promise.withResolvers<T>()
  result.catch(() => {})
  const controller = new AbortController()
  const flight: Flight<T> = { result, ahead, rejected: new Set(), wanted: true, controller, mark: Object.freeze({}) }
  return {
    flight,
    begin(over) {
      pilot(flight, performance.now() - queuedAt).then(
        (value) => {
          over({ value })
          resolve(value)
        },
        (failure: unknown) => {
          over({ failure })
          reject(failure)
        },
      )
    },
  }
}
