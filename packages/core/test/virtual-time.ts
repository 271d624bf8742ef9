import { vi } from 'vitest'
import type { ClientEvent } from '../src/events.ts'

/**
 * Stops deadlines and delays: they pass by `vi.advanceTimersByTimeAsync` alone, however busy the machine is. Sockets are not
 * affected. The test ends it with `vi.useRealTimers()`.
 */
export function stopTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
}

/** A listener that lets each retry delay pass as soon as the client waits for it. Requires stopped timers. */
export function passRetryDelay(event: ClientEvent): void {
  // The client sets its timer right after the event.
  if (event.type === 'grant.retried') queueMicrotask(() => vi.advanceTimersByTime(event.wait * 1000))
}
