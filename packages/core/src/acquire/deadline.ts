/**
 * Runs work with a signal that aborts after some seconds, and does not wait for work that ignores it.
 *
 * @param seconds the deadline
 * @param toError what to reject with when it passes
 */
export async function withDeadline<T>(
  seconds: number,
  toError: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const passed = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = toError()
      reject(error)
      controller.abort(error)
    }, seconds * 1000)
  })
  // Asynchronous, so that work that throws at once is work that fails.
  const working = (async () => await work(controller.signal))()
  // Whichever of the two loses still settles; nobody is left to look at it.
  working.catch(() => {})
  passed.catch(() => {})
  try {
    return await Promise.race([working, passed])
  } finally {
    clearTimeout(timer)
  }
}
