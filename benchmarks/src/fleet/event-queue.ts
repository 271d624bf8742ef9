/** A queue of numbered actors by time, each at most once; typed arrays, because there are a million. */
export class EventQueue {
  readonly #first: Int32Array
  readonly #next: Int32Array
  readonly #tick: number

  /**
   * @param until later events are dropped
   * @param tick events of the same tick have no order
   */
  constructor(actors: number, until: number, tick: number) {
    this.#tick = tick
    this.#first = new Int32Array(Math.ceil(until / tick)).fill(-1)
    this.#next = new Int32Array(actors)
  }

  /** @param time not before the current tick */
  add(actor: number, time: number): void {
    const slot = Math.floor(time / this.#tick)
    if (slot >= this.#first.length) return
    this.#next[actor] = this.#first[slot] as number
    this.#first[slot] = actor
  }

  /** Calls each actor at its time; an actor can add itself again. */
  run(act: (actor: number, time: number) => void): void {
    for (let slot = 0; slot < this.#first.length; slot += 1) {
      for (let actor = this.#first[slot] as number; actor >= 0; actor = this.#first[slot] as number) {
        this.#first[slot] = this.#next[actor] as number
        act(actor, slot * this.#tick)
      }
    }
  }
}
