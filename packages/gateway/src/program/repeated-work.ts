/** Work that runs one at a time, and once more if it was requested meanwhile. */
export class RepeatedWork {
  readonly #work: () => Promise<void>
  #running: Promise<void> | undefined
  #isRequested = false

  /** @param work never rejects */
  constructor(work: () => Promise<void>) {
    this.#work = work
  }

  request(): void {
    this.#isRequested = true
    this.#running ??= this.#run()
  }

  /** Resolves when no work runs. */
  async finished(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#isRequested) {
      this.#isRequested = false
      await this.#work()
    }
    this.#running = undefined
  }
}
