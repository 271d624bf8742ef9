import { isCloudflareWorkers, loadWaitUntil, type WaitUntil } from '../platform/cloudflare-workers.ts'
import { createFlight, type Flight, FlightQueue, type Flights, type Outcome, type Pilot } from './single-flight.ts'

/** Milliseconds between two signs of life of a flight. */
const beat = 50

/** A flight is taken for dead when so many looks in a row saw it silent for so many milliseconds: a stall of all ends sooner. */
const silence = 500
const silentLooks = 3

/** Milliseconds of silence after which another may begin behind the callers' backs: not every request is to begin one that dies. */
const longSilence = 10_000

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

/**
 * The flights of an identity, as the platform permits.
 *
 * @param idle called when they are of no use any more, if ever
 */
export function createFlights<T>(idle?: () => void): Flights<T> {
  return isCloudflareWorkers() ? new FlightsAcrossRequests() : new FlightQueue(idle)
}

/**
 * Single flight where no promise may be shared (rule L13): a flight is of the request that begins it, and dies with it, so
 * that whoever waits for its promise may wait for ever. The others look from time to time, by timers of their own, at what
 * became of it; when it gives no sign of life any more, the first to notice begins another.
 */
export class FlightsAcrossRequests<T> implements Flights<T> {
  #running: Sighted<T> | undefined
  /** The last that came to its end and may be kept. */
  #landed: Sighted<T> | undefined
  /** Loaded for the first flight: whoever begins one behind the callers' backs is answered before it could be. */
  #waitUntil: WaitUntil | undefined

  get busy(): boolean {
    return this.underWay !== undefined
  }

  get underWay(): Flight<T> | undefined {
    const running = this.#running
    return running === undefined || isSilent(running, longSilence) ? undefined : running.flight
  }

  join(pilot: Pilot<T>): Promise<T> {
    // One behind the callers' backs repeats nothing: what it fails with says nothing to those who need a value.
    return this.#fly(pilot, ({ ahead }) => !ahead)
  }

  replace(rejected: string, pilot: Pilot<T>): Promise<T> {
    return this.#fly(pilot, (flight) => flight.rejected.has(rejected), rejected)
  }

  flyAhead(pilot: Pilot<T>): void {
    if (!this.busy) this.#start(pilot, true, performance.now())
  }

  purge(): void {
    if (this.#running !== undefined) this.#running.flight.wanted = false
    this.#landed = undefined
  }

  /** The flight is another request's: it is not kept, and comes to its own end. */
  breakOff(): void {
    if (this.#running?.flight.ahead) this.#running.flight.wanted = false
  }

  /** What a flight brings that serves as well as one begun now; where there is none to wait for, this request begins it. */
  async #fly(pilot: Pilot<T>, serves: (flight: Flight<T>) => boolean, rejected?: string): Promise<T> {
    const queuedAt = performance.now()
    const landedBefore = this.#landed
    for (;;) {
      if (rejected !== undefined) this.breakOff()
      const running = this.#running
      if (!running?.flight.wanted) return await this.#start(pilot, false, queuedAt, rejected).flight.result
      await this.#watch(running)
      // Between two looks another may have begun and ended.
      for (const over of [running, this.#landed]) {
        if (over === undefined || over === landedBefore || over.outcome === undefined || !serves(over.flight)) continue
        if ('failure' in over.outcome) throw over.outcome.failure
        return over.outcome.value
      }
    }
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
      if (flight.wanted) this.#landed = started
      this.#leave(started)
    })
    void this.#keepAlive(flight.result)
    return started
  }

  async #keepAlive(result: Promise<T>): Promise<void> {
    this.#waitUntil ??= await loadWaitUntil()
    this.#waitUntil(result)
  }

  /** Waits until a flight is over, or has died. */
  async #watch(running: Sighted<T>): Promise<void> {
    let look = firstLook
    for (let silent = 0; running.outcome === undefined && silent < silentLooks; ) {
      const wait = look * (0.5 + Math.random())
      await new Promise((resolve) => setTimeout(resolve, wait))
      look = Math.min(look * 2, longestLook)
      silent = isSilent(running, silence) ? silent + 1 : 0
    }
    this.#leave(running)
  }

  #leave(over: Sighted<T>): void {
    if (this.#running === over) this.#running = undefined
  }
}

function isSilent({ seenAt }: Sighted<unknown>, patience: number): boolean {
  return performance.now() - seenAt > patience
}
