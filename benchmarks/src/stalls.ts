/** Moments in which a process stood still, held up by the machine: what was slow then says nothing of who was slow. */

/** In milliseconds since the epoch. */
export interface Stall {
  readonly from: number
  readonly to: number
}

/** Milliseconds between two looks, and how late one may be. */
const [look, late] = [5, 20]

/** Notes the stalls of this process from now on. */
export function watchStalls(): { readonly stalls: readonly Stall[]; stop(): void } {
  const stalls: Stall[] = []
  let last = Date.now()
  const timer = setInterval(() => {
    const now = Date.now()
    if (now - last > look + late) stalls.push({ from: last, to: now })
    last = now
  }, look)
  timer.unref()
  return { stalls, stop: () => clearInterval(timer) }
}

/** How many milliseconds of a time fell into stalls; those of two processes at one moment count once. */
export function stalledFor(stalls: readonly Stall[], { from, to }: Stall): number {
  let total = 0
  let counted = from
  for (const stall of stalls.toSorted((one, other) => one.from - other.from)) {
    const begin = Math.max(counted, stall.from)
    const end = Math.min(to, stall.to)
    if (end <= begin) continue
    total += end - begin
    counted = end
  }
  return total
}
