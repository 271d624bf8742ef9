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

/**
 * Waits for shared work with a signal of one's own: its abort ends this wait, and neither the work nor the wait of others
 * (rule L4).
 *
 * @throws the signal's reason
 */
export function waitFor<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(signal.reason)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
