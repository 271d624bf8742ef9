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

/** Whether a process stood still at any moment of a time, or just before it. */
export function fellInStall(stalls: readonly Stall[], { from, to }: Stall): boolean {
  return stalls.some((stall) => stall.from < to && stall.to > from - late)
}
