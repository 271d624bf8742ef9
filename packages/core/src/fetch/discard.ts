/** Drops a response. Reads a short body to its end, so that the connection can be reused, and cancels a longer one. */
export async function discard({ body }: Response): Promise<void> {
  if (body === null) return
  const reader = body.getReader()
  const cancel = (): void => void reader.cancel().catch(() => {})
  const timer = setTimeout(cancel, maxDrainMs)
  try {
    let left = maxBytes
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      left -= value.byteLength
      if (left < 0) return cancel()
    }
  } catch {
    // The body failed by itself, so there is nothing to cancel.
  } finally {
    clearTimeout(timer)
  }
}

/** Limits for draining a response body that is about to be dropped. */
const maxBytes = 65_536
const maxDrainMs = 50
