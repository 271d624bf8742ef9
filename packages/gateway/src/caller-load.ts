/** How many requests of one caller are in progress. */
export interface CallerLoad {
  active: number
}

/** The load of each caller, which outlives a reload of the configuration. */
export class CallerLoads {
  readonly #loads = new Map<string, CallerLoad>()

  /** @param caller empty without a `callers` section */
  of(caller: string): CallerLoad {
    const known = this.#loads.get(caller)
    if (known !== undefined) return known
    const load = { active: 0 }
    this.#loads.set(caller, load)
    return load
  }

  get all(): ReadonlyMap<string, Readonly<CallerLoad>> {
    return this.#loads
  }
}
