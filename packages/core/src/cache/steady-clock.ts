/**
 * Creates a clock that never goes back (rule L10): it follows the clock that moved further. The wall clock can be set, and the
 * monotonic clock may stop while the machine sleeps. Within a second after a reading only the wall clock is read, which is
 * cheaper, so a step back within that second goes unnoticed.
 *
 * @param wall milliseconds since the epoch
 * @param monotonic milliseconds since any instant
 * @returns a function that returns whole milliseconds since the clock was created, which V8 stores without an object
 */
export function createSteadyClock(wall: () => number, monotonic: () => number = () => performance.now()): () => number {
  let wallAtReading = wall()
  let monotonicAtReading = monotonic()
  // What was returned last, as milliseconds since `time`.
  let lastPassed = 0
  let time = 0
  return () => {
    const now = wall()
    const passed = now - wallAtReading
    if (passed >= lastPassed && passed < monotonicReadMs) {
      lastPassed = passed
      return time + passed
    }
    const monotonicNow = monotonic()
    const monotonicPassed = Math.floor(monotonicNow - monotonicAtReading)
    // The result is never less than an instant that was returned before.
    time += Math.max(passed, monotonicPassed, lastPassed)
    wallAtReading = now
    // A fraction of a millisecond counts at the next reading.
    monotonicAtReading += monotonicPassed
    lastPassed = 0
    return time
  }
}

/** The monotonic clock is read once per this much wall time. */
const monotonicReadMs = 1000
