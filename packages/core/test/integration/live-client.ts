/** A program with a client that it never closes: it must end when its own work does. */
import { createClient } from '../../src/index.ts'

const { tokenEndpoint, credentials, situation } = JSON.parse(process.env.LIVE_CLIENT ?? '{}')
const client = createClient({ name: 'live', tokenEndpoint }, { credentials })

let served = 0
await client.token()
served += 1
if (situation !== 'idle') {
  // Into the window: the next call begins a refresh behind its back, which fails, or hangs, while nobody looks.
  await new Promise((resolve) => setTimeout(resolve, 1700))
}
await client.token()
served += 1
process.stdout.write(`served ${served} times\n`)
