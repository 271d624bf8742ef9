/** Measures one peer in the runtime that runs this file, and prints the medians of several samples. */
import process from 'node:process'
import { measureCachedCalls } from './cached-calls.ts'
import type { Peer } from './peer.ts'
import { measureRequests } from './requests-over-loopback.ts'
import type { Sample } from './row.ts'
import { settingsAt } from './settings.ts'
import { spread } from './statistics.ts'

const peers: Readonly<Record<string, () => Promise<Peer>>> = {
  nightlatch: async () => (await import('./peers/nightlatch.ts')).nightlatch,
  'hand-written': async () => (await import('./peers/hand-written.ts')).handWritten,
}

const [measure = '', name = '', origin = '', speed] = process.argv.slice(2)
const peer = await peers[name]?.()
if (peer === undefined) throw new TypeError(`Unknown peer '${name}'.`)
const settings = settingsAt(origin)
const isQuick = speed === 'quick'
const take =
  measure === 'token'
    ? await measureCachedCalls(peer, settings, isQuick)
    : await measureRequests(peer, settings, 50, isQuick)
if (take === undefined) throw new TypeError(`'${name}' does not support '${measure}'.`)
const samples: Sample[] = []
while (samples.length < (isQuick ? 1 : 9)) samples.push(await take())
process.stdout.write(JSON.stringify(medians(samples)), () => process.exit())

/** The median of each metric. */
function medians(samples: readonly Sample[]): Sample {
  const keys = Object.keys(samples[0] ?? {})
  return Object.fromEntries(keys.map((key) => [key, spread(samples.map((sample) => sample[key] ?? Number.NaN)).median]))
}
