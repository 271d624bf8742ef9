/** A program with a client that it never closes: it must end when its own work does. */
import { createClient } from '../../src/index.ts'

const { tokenEndpoint, apiUrl, credentials, situation } = JSON.parse(process.env.LIVE_CLIENT ?? '{}')
let time = Date.now()
// A refresh that hangs is to end soon.
const client = createClient({ name: 'live', tokenEndpoint, api: apiUrl }, { credentials, timeout: 1, now: () => time })

/** The first grant may take longer than the timeout where the machine is busy. */
async function firstToken(): Promise<void> {
  try {
    await client.token()
  } catch (failure) {
    if ((failure as { readonly code?: unknown }).code !== 'timed_out') throw failure
    await firstToken()
  }
}

let served = 0
await firstToken()
served += 1
// The test lets the token endpoint fail, or hang, before it answers this.
await (await fetch(`${apiUrl}/has-token`)).text()
// Into the refresh window: the next call begins a refresh in the background.
if (situation !== 'idle') time += 515_000
await client.token()
served += 1
process.stdout.write(`served ${served} times\n`)
