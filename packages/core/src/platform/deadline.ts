/**
 * Runs work with a signal that aborts after some seconds, and does not wait for work that ignores it.
 *
 * @param seconds the deadline
 * @param toError what to reject with when it passes
 * @param outer a signal that ends the work, too; its reason is what is thrown then
 */
export async function withDeadline<T>(
  seconds: number,
  toError: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  const controller = new AbortController()
  const follow = (): void => controller.abort(outer?.reason)
  if (outer?.aborted) follow()
  outer?.addEventListener('abort', follow, { once: true })
  let timer: ReturnType<typeof setTimeout> | undefined
  const passed = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        const error = toError()
        reject(error)
        controller.abort(error)
      },
      Math.max(0, seconds * 1000),
    )
  })
  // Asynchronous, so that work that throws at once is work that fails.
  const working = (async () => await work(controller.signal))()
  try {
    // The race looks at both to their ends: whichever loses and fails later is nobody's unhandled rejection.
    return await waitFor(Promise.race([working, passed]), outer)
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', follow)
  }
}

/**
 * Waits for work that others may wait for, too: the signal's abort ends this wait, and neither the work nor the wait of others
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

/**
 * Lets some seconds pass.
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
