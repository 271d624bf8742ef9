/** Detects periods in which the machine blocked a process, so that slow calls in them are not counted. */

/** A blocked period, in milliseconds since the epoch. */
export interface Stall {
  readonly from: number
  readonly to: number
}

const intervalMs = 5
/** A timer that is later than this indicates a stall. */
const maxDelayMs = 20

/** Records the stalls of this process from now on. */
export function watchStalls(): { readonly stalls: readonly Stall[]; stop(): void } {
  const stalls: Stall[] = []
  let last = Date.now()
  const timer = setInterval(() => {
    const now = Date.now()
    if (now - last > intervalMs + maxDelayMs) stalls.push({ from: last, to: now })
    last = now
  }, intervalMs)
  timer.unref()
  return { stalls, stop: () => clearInterval(timer) }
}

/** Milliseconds of a period within stalls; simultaneous stalls of two processes count once. */
export function stalledFor(stalls: readonly Stall[], { from, to }: Stall): number {
  let total = 0
  let counted = from
  for (const stall of stalls.toSorted((one, other) => one.from - other.from)) {
    const start = Math.max(counted, stall.from)
    const end = Math.min(to, stall.to)
    if (end <= start) continue
    total += end - start
    counted = end
  }
  return total
}
