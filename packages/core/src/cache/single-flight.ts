/** One piece of work that several callers wait for. */
export interface Flight<T> {
  readonly result: Promise<T>
  /** Resolves when the work is over, however it ended. */
  readonly settled: Promise<void>
}

/** Starts the work. Its failure reaches those who wait, and is nobody's unhandled rejection when none does. */
export function takeOff<T>(work: () => Promise<T>): Flight<T> {
  const result = work()
  const settled = result.then(
    () => {},
    () => {},
  )
  return { result, settled }
}
