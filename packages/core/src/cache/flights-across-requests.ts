import { isCloudflareWorkers, outliveRequest } from '../acquire/cloudflare-workers.ts'
import { createFlight, type Flight, FlightQueue, type Flights, type Outcome, type Pilot } from './single-flight.ts'

/** Milliseconds between two signs of life of a flight. */
const beat = 50

/** Milliseconds without a sign of life after which a flight is taken for dead, and how many looks it takes at least. */
const silence = 500
const fewestLooks = 5

/** Milliseconds for which a flight behind the callers' backs that died keeps its place, so that not every request begins another. */
const aheadSilence = 10_000

/** Milliseconds between two looks at a flight, at first and at last; spread by chance. */
const firstLook = 5
const longestLook = 50

/** What is seen of a flight from other requests: plain data, and no promise. */
interface Sighted<T> {
  readonly flight: Flight<T>
  /** When it last gave a sign of life. */
  seenAt: number
  outcome: Outcome<T> | undefined
}

/** The flights of an identity, as the platform permits: see FlightsAcrossRequests. */
export function createFlights<T>(idle?: () => void): Flights<T> {
  return isCloudflareWorkers() ? new FlightsAcrossRequests(idle) : new FlightQueue(idle)
}

/**
 * Single flight where no promise may be shared (rule L13): a flight is of the request that begins it, and dies with it, so
 * that whoever waits for its promise may wait for ever. The others look from time to time, by timers of their own, at what
 * became of it; when it gives no sign of life any more, the first to notice begins another.
 */
export class FlightsAcrossRequests<T> implements Flights<T> {
  readonly #idle: () => void
  #running: Sighted<T> | undefined

  /** @param idle called when the last flight is over */
  constructor(idle: () => void = () => {}) {
    this.#idle = idle
  }

  get busy(): boolean {
    return this.#running !== undefined && !hasDied(this.#running, aheadSilence)
  }

  async join(pilot: Pilot<T>): Promise<T> {
    const startedAt = performance.now()
    for (;;) {
      const running = this.#running
      if (!running?.flight.wanted) return await this.#start(pilot, false, startedAt).flight.result
      await this.#watch(running)
      // One behind the callers' backs repeats nothing: its failure says nothing to those who need a value.
      if (running.outcome !== undefined && !running.flight.ahead) return land(running.outcome)
    }
  }

  async replace(rejected: string, pilot: Pilot<T>): Promise<T> {
    const startedAt = performance.now()
    for (;;) {
      this.breakOff()
      const running = this.#running
      if (!running?.flight.wanted) {
        const { flight } = this.#start(pilot, false, startedAt, rejected)
        return await flight.result
      }
      const serves = running.flight.rejected.has(rejected)
      await this.#watch(running)
      if (running.outcome !== undefined && serves) return land(running.outcome)
    }
  }

  flyAhead(pilot: Pilot<T>): void {
    if (!this.busy) this.#start(pilot, true, performance.now())
  }

  purge(): void {
    if (this.#running !== undefined) this.#running.flight.wanted = false
  }

  /** The flight is another request's: it is not kept, and comes to its own end. */
  breakOff(): void {
    if (this.#running?.flight.ahead) this.#running.flight.wanted = false
  }

  #start(pilot: Pilot<T>, ahead: boolean, queuedAt: number, rejected?: string): Sighted<T> {
    const { flight, begin } = createFlight(pilot, ahead, queuedAt)
    if (rejected !== undefined) flight.rejected.add(rejected)
    const started: Sighted<T> = { flight, seenAt: performance.now(), outcome: undefined }
    this.#running = started
    const alive = setInterval(() => {
      started.seenAt = performance.now()
    }, beat)
    begin((outcome) => {
      clearInterval(alive)
      started.outcome = outcome
      this.#leave(started)
    })
    void outliveRequest(flight.result)
    return started
  }

  /** Waits until a flight is over, or has died. */
  async #watch(running: Sighted<T>): Promise<void> {
    let look = firstLook
    for (let looks = 1; running.outcome === undefined; looks += 1) {
      const wait = look * (0.5 + Math.random())
      await new Promise((resolve) => setTimeout(resolve, wait))
      look = Math.min(look * 2, longestLook)
      if (looks >= fewestLooks && hasDied(running, silence)) {
        this.#leave(running)
        return
      }
    }
  }

  #leave(over: Sighted<T>): void {
    if (this.#running !== over) return
    this.#running = undefined
    this.#idle()
  }
}

function hasDied({ seenAt }: Sighted<unknown>, patience: number): boolean {
  return performance.now() - seenAt > patience
}

function land<T>(outcome: Outcome<T>): T {
  if ('failure' in outcome) throw outcome.failure
  return outcome.value
}
