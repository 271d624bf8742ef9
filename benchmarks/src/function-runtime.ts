/** Loads the file of a serverless function and calls its handler once, as the runtime of AWS Lambda does for a new instance. */
const [file = '', origin = ''] = process.argv.slice(2)
const { handler } = (await import(file)) as { readonly handler: (event: { origin: string }) => Promise<void> }
await handler({ origin })
const [took, { user, system }] = [performance.now(), process.cpuUsage()]
process.stdout.write(JSON.stringify({ time: took, cpu: (user + system) / 1000 }), () => process.exit())
