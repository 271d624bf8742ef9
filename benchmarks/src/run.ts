/** Runs rows in order against one server. */
import { buildAdapters } from './build-adapters.ts'
import { describeMachine, describeVersions, load } from './machine.ts'
import { type Results, type RowResult, resultOf } from './results.ts'
import type { Row } from './row.ts'
import { runRow } from './run-row.ts'
import { ServerControl } from './server-control.ts'
import { startProcess } from './start-process.ts'

export interface RunOptions {
  readonly rows: readonly Row[]
  readonly isQuick: boolean
  /** Overrides each row's number of rounds. */
  readonly rounds: number | undefined
  readonly nodeOptions: readonly string[]
  /** Called after each row. */
  readonly onRow: (result: RowResult, seconds: number) => void
}

/** A quick run omits the other peers, because they use the same parts of the harness. */
const quickPeers = [
  'nightlatch',
  'nightlatch on undici',
  'hand-written',
  'fetch',
  'ky',
  'undici',
  '@fastify/reply-from',
  'node:http and undici',
  'node',
  'first answer',
]

export async function run({ rows, isQuick, rounds, nodeOptions, onRow }: RunOptions): Promise<Results> {
  const loadBefore = load()
  await buildAdapters(nodeOptions)
  const serverProcess = startProcess('server', [], nodeOptions)
  try {
    const server = new ServerControl(String(await serverProcess.next()))
    const results: RowResult[] = []
    for (const whole of rows) {
      const row = isQuick ? { ...whole, peers: whole.peers.filter((peer) => quickPeers.includes(peer)) } : whole
      const startedAt = performance.now()
      const missing = row.kind === 'outside' ? row.missing?.() : undefined
      const samples = missing === undefined ? await runRow(row, { server, isQuick, nodeOptions }, rounds) : new Map()
      const result = resultOf(row, samples, missing)
      results.push(result)
      onRow(result, (performance.now() - startedAt) / 1000)
    }
    const machine = { ...describeMachine(), 'load before': loadBefore, 'load after': load() }
    return { machine, versions: describeVersions(), rows: results }
  } finally {
    await serverProcess.stop()
  }
}
