/** Runs a row: each peer in its process, one at work at a time, in rounds. */
import type { Reply } from './peer-process.ts'
import type { OutsideRow, ProcessRow, Row, Sample, Surroundings } from './row.ts'
import { type StartedProcess, startProcess } from './start-process.ts'

/** The samples of each peer, in the order of the rounds; of one that has no such thing, none. */
export type Samples = ReadonlyMap<string, readonly Sample[]>

/** @param rounds instead of the row's own */
export async function runRow(row: Row, surroundings: Surroundings, rounds: number | undefined): Promise<Samples> {
  const many = rounds ?? (surroundings.isQuick ? row.rounds.quick : row.rounds.full)
  return row.kind === 'process'
    ? await inProcesses(row, surroundings, many)
    : await inRounds(row.peers, many, (peer) => (row as OutsideRow).measure(peer, surroundings))
}

async function inProcesses(row: ProcessRow, surroundings: Surroundings, rounds: number): Promise<Samples> {
  const { server, isQuick, nodeOptions } = surroundings
  const processes = new Map<string, StartedProcess>()
  try {
    for (const peer of row.peers) {
      const parameters = [row.name, peer, server.origin, isQuick ? 'quick' : 'full']
      const started = startProcess('peer-process', parameters, ['--expose-gc', ...nodeOptions])
      processes.set(peer, started)
      const reply = understand(await started.next(), row, peer)
      if (reply.is === 'ready' && !reply.takesPart) {
        processes.delete(peer)
        await started.stop()
      }
    }
    return await inRounds(row.peers, rounds, async (peer) => {
      const started = processes.get(peer)
      if (started === undefined) return undefined
      const reply = started.next()
      started.child.send('sample')
      const { is, ...rest } = understand(await reply, row, peer)
      return is === 'sample' && 'sample' in rest ? rest.sample : undefined
    })
  } finally {
    await Promise.all([...processes.values()].map((started) => started.stop()))
  }
}

/** Each round begins with another peer, so that nobody is always the first, or always comes after the same heat. */
async function inRounds(
  peers: readonly string[],
  rounds: number,
  measure: (peer: string) => Promise<Sample | undefined>,
): Promise<Samples> {
  const samples = new Map<string, Sample[]>(peers.map((peer) => [peer, []]))
  for (let round = 0; round < rounds; round += 1) {
    const first = round % peers.length
    for (const peer of [...peers.slice(first), ...peers.slice(0, first)]) {
      const sample = await measure(peer)
      if (sample !== undefined) samples.get(peer)?.push(sample)
    }
  }
  return samples
}

function understand(message: unknown, row: Row, peer: string): Exclude<Reply, { is: 'failure' }> {
  const reply = message as Reply
  if (reply.is === 'failure') throw new Error(`${row.name}, ${peer}: ${reply.reason}`)
  return reply
}
