/** Measures one kind of call, repeated for a fixed duration. */

/** Duration of one measurement: in less, each garbage collection would show. */
const measurementMs = { full: 100, quick: 2 }

/**
 * Determines how many calls fill a measurement, which also warms the code up.
 *
 * @param run makes the given number of calls
 * @returns a function that measures again and returns nanoseconds per call
 */
export async function stopwatch(
  run: (calls: number) => Promise<void>,
  isQuick: boolean,
): Promise<() => Promise<number>> {
  const durationMs = isQuick ? measurementMs.quick : measurementMs.full
  let calls = 1
  let took = await timed(run, calls)
  // V8 compiles for tens of thousands of calls.
  for (let warm = 0; warm < 5; ) {
    if (took < durationMs / 2) calls *= 2
    else warm += 1
    took = await timed(run, calls)
  }
  calls = Math.max(1, Math.round((calls * durationMs) / took))
  return async () => ((await timed(run, calls)) * 1e6) / calls
}

async function timed(run: (calls: number) => Promise<void>, calls: number): Promise<number> {
  const startedAt = performance.now()
  await run(calls)
  return performance.now() - startedAt
}
