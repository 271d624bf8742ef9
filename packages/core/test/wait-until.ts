import { expect } from 'vitest'

/** Milliseconds a wait may take at most: less than the minute of a test, so that the failure names the expectation. */
export const ceiling = 50_000

// Taken before a test replaces them.
const { setTimeout } = globalThis
const { now } = Date

/** Waits until `check` neither throws nor resolves to `false`. Fake timers of a test neither stop this wait nor pass meanwhile. */
export async function waitUntil(check: () => unknown): Promise<void> {
  const end = now() + ceiling
  for (;;) {
    try {
      expect(await check(), `${check}`).not.toBe(false)
      return
    } catch (failure) {
      if (now() > end) throw failure
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
