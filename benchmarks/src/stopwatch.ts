/** Times one kind of call, as often as fits into a turn. */

/** Milliseconds of one turn: long enough to outweigh the clock, short enough for many. */
const turn = { full: 30, quick: 2 }

/**
 * Finds out how many calls fill a turn, and warms the code up on the way.
 *
 * @param run makes so many calls
 * @returns nanoseconds a call, of a new turn each time
 */
export async function stopwatch(
  run: (calls: number) => Promise<void>,
  isQuick: boolean,
): Promise<() => Promise<number>> {
  const length = isQuick ? turn.quick : turn.full
  let calls = 1
  let took = await timed(run, calls)
  // Three full turns at least, so that what the compiler does happens before the rounds.
  for (let warm = 0; warm < 3; ) {
    if (took < length / 2) calls *= 2
    else warm += 1
    took = await timed(run, calls)
  }
  calls = Math.max(1, Math.round((calls * length) / took))
  return async () => ((await timed(run, calls)) * 1e6) / calls
}

async function timed(run: (calls: number) => Promise<void>, calls: number): Promise<number> {
  const begun = performance.now()
  await run(calls)
  return performance.now() - begun
}
