/**
 * Runs work with a signal that aborts at a deadline. If the work ignores the signal, the call still rejects in time.
 *
 * @param seconds until the deadline
 * @param toError creates the error to reject with when the deadline passes
 * @param outer a signal that also ends the work; the call then rejects with its reason
 */
export function withDeadline<T>(
  seconds: number,
  toError: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  const controller = new AbortController()
  return new Promise<T>((resolve, reject) => {
    const follow = (): void => end(outer?.reason)
    const timer = setTimeout(() => end(toError()), Math.max(0, seconds * 1000))
    const release = (): void => {
      clearTimeout(timer)
      outer?.removeEventListener('abort', follow)
    }
    const end = (reason: unknown): void => {
      release()
      reject(reason)
      controller.abort(reason)
    }
    if (outer?.aborted) follow()
    else outer?.addEventListener('abort', follow, { once: true })
    // Asynchronous, so that a synchronous exception becomes a rejection.
    const working = (async () => await work(controller.signal))()
    // Both outcomes are handled after the deadline, too, so that a late failure is no unhandled rejection.
    working.then(
      (result) => {
        release()
        resolve(result)
      },
      (failure: unknown) => {
        release()
        reject(failure)
      },
    )
  })
}

/** Runs work for some seconds at most; resolves to `undefined` if it fails or takes longer. */
export function resultWithin<T>(seconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  return withDeadline(seconds, () => new Error('the work takes too long'), work).catch(() => undefined)
}

/**
 * Waits for work that other callers may wait for, too. The signal ends this wait only, not the work (rule L4).
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

/**
 * Resolves after some seconds.
 *
 * @throws the signal's reason as soon as it aborts
 */
export async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, seconds * 1000))
  })
  try {
    await waitFor(passed, signal)
  } finally {
    clearTimeout(timer)
  }
}
