/** Measures one peer once in the runtime that runs this file, and prints the sample. */
import process from 'node:process'
import { measureCachedCalls } from './cached-calls.ts'
import type { Peer } from './peer.ts'
import { measureRequests } from './requests-over-loopback.ts'
import { settingsAt } from './settings.ts'

const peers: Readonly<Record<string, () => Promise<Peer>>> = {
  nightlatch: async () => (await import('./peers/nightlatch.ts')).nightlatch,
  'hand-written': async () => (await import('./peers/hand-written.ts')).handWritten,
}

const [measure = '', name = '', origin = '', speed] = process.argv.slice(2)
const peer = await peers[name]?.()
if (peer === undefined) throw new TypeError(`Unknown peer '${name}'.`)
const settings = settingsAt(origin)
const isQuick = speed === 'quick'
const sample =
  measure === 'token'
    ? await measureCachedCalls(peer, settings, isQuick)
    : await measureRequests(peer, settings, 50, isQuick)
process.stdout.write(JSON.stringify(await sample?.()), () => process.exit())
