/** Preloaded into a process that is soaked: answers each message with its memory after a full collection, in MB. */
process.on('message', () => {
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  process.send?.({ held: (heapUsed + external) / 1e6, resident: rss / 1e6 })
})
// The program exits as it does without this.
process.channel?.unref()
