/** Runs rows, one after the other, against one server. */
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
  /** Instead of each row's own. */
  readonly rounds: number | undefined
  readonly nodeOptions: readonly string[]
  /** Told of each row when it is done. */
  readonly onRow: (result: RowResult, seconds: number) => void
}

/** A quick run leaves the others out: they have nothing of their own that the harness does for them. */
const quickPeers = ['nightlatch', 'nightlatch on undici', 'hand-written', 'fetch', 'ky', 'undici']

export async function run({ rows, isQuick, rounds, nodeOptions, onRow }: RunOptions): Promise<Results> {
  const loadBefore = load()
  await buildAdapters()
  const serverProcess = startProcess('server', [], nodeOptions)
  try {
    const server = new ServerControl(String(await serverProcess.next()))
    const results: RowResult[] = []
    for (const whole of rows) {
      const row = isQuick ? { ...whole, peers: whole.peers.filter((peer) => quickPeers.includes(peer)) } : whole
      const begun = performance.now()
      const result = resultOf(row, await runRow(row, { server, isQuick, nodeOptions }, rounds))
      results.push(result)
      onRow(result, (performance.now() - begun) / 1000)
    }
    const machine = { ...describeMachine(), 'load before': loadBefore, 'load after': load() }
    return { machine, versions: describeVersions(), rows: results }
  } finally {
    await serverProcess.stop()
  }
}
