/** The monotonic clock is read after so much wall time. */
const monotonicReadMs = 1000

/**
 * A clock that never goes back (rule L10). The wall clock does not stop while a machine sleeps, but it can be set; the monotonic
 * clock cannot be set, but may stop. So the time that passed is what the clock says that moved further.
 *
 * Only the wall clock is read while it moves forward by less than a second, so that a frequent caller pays for one reading. Two
 * cases are not noticed: a clock that is set back to within a second after the last reading, and one that is set back while
 * the machine sleeps.
 *
 * @param wall milliseconds since the epoch
 * @param monotonic milliseconds since any instant
 * @returns a function that returns whole milliseconds since the clock was created, which V8 stores without an object
 */
export function createSteadyClock(wall: () => number, monotonic: () => number = () => performance.now()): () => number {
  let wallAtReading = wall()
  let monotonicAtReading = monotonic()
  let lastWall = wallAtReading
  let time = 0
  return () => {
    const now = wall()
    const passed = now - wallAtReading
    if (now >= lastWall && passed < monotonicReadMs) {
      lastWall = now
      return time + passed
    }
    const monotonicNow = monotonic()
    const monotonicPassed = Math.floor(monotonicNow - monotonicAtReading)
    // An instant that was returned between two readings is never taken back.
    time += Math.max(passed, monotonicPassed, lastWall - wallAtReading)
    wallAtReading = now
    // A fraction of a millisecond counts at the next reading.
    monotonicAtReading += monotonicPassed
    lastWall = now
    return time
  }
}
