/** Bytes and milliseconds that reading an answer nobody wants may cost. */
const mostBytes = 65_536
const longest = 50

/** Lets an answer go. A short one is read to its end, so that its connection can be used again; the rest is broken off. */
export async function discard({ body }: Response): Promise<void> {
  if (body === null) return
  const reader = body.getReader()
  const breakOff = (): void => void reader.cancel().catch(() => {})
  const timer = setTimeout(breakOff, longest)
  try {
    let left = mostBytes
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      left -= value.byteLength
      if (left < 0) return breakOff()
    }
  } catch {
    // It broke off by itself.
  } finally {
    clearTimeout(timer)
  }
}
