/** Preloaded into a process that is soaked: answers each message with its memory after a full collection, in MB. */
import { getHeapSpaceStatistics } from 'node:v8'

process.on('message', () => {
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.physical_space_size ?? 0
  process.send?.({ held: (heapUsed + external) / 1e6, resident: rss / 1e6, young: young / 1e6 })
})
// The program exits as it does without this.
process.channel?.unref()
