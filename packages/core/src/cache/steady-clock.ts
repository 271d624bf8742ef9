/** Milliseconds of wall time after which the monotonic clock is looked at again. */
const lookAgainAfter = 1000

/**
 * Time that goes on through whatever happens to the clocks (rule L10). The wall clock misses nothing while a machine sleeps,
 * but it can be set; the monotonic clock cannot be set, but it may stand still while a machine sleeps. What passed is what
 * the one that moved further says.
 *
 * The wall clock alone is read while it goes forward by less than a second, so that a busy caller pays for one reading. Two
 * things deceive it: a clock set back to within a second after the last look, after time that nobody looked in, for that
 * second; and one set back while the machine sleeps, which neither clock shows.
 *
 * @param wall milliseconds since the epoch
 * @param monotonic milliseconds since anything
 * @returns a function that answers whole milliseconds since it was made: small numbers, which take no room of their own
 */
export function createSteadyClock(wall: () => number, monotonic: () => number = () => performance.now()): () => number {
  let lookedWall = wall()
  let lookedMonotonic = monotonic()
  let lastWall = lookedWall
  let time = 0
  return () => {
    const now = wall()
    const passed = now - lookedWall
    if (now >= lastWall && passed < lookAgainAfter) {
      lastWall = now
      return time + passed
    }
    const monotonicNow = monotonic()
    // What was told already is never taken back: an instant between two looks was told by the wall clock.
    const monotonicPassed = Math.floor(monotonicNow - lookedMonotonic)
    time += Math.max(passed, monotonicPassed, lastWall - lookedWall)
    lookedWall = now
    // What is less than a millisecond counts at the next look.
    lookedMonotonic += monotonicPassed
    lastWall = now
    return time
  }
}
