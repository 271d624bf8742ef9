/** Runs a row in rounds: each peer in a process of its own, one at a time. */
import type { Reply } from './peer-process.ts'
import type { ProcessRow, Row, RunContext, Sample } from './row.ts'
import { ServerControl } from './server-control.ts'
import { type StartedProcess, startProcess } from './start-process.ts'

/** The samples of each peer by round; empty for a peer that does not support the row. */
export type Samples = ReadonlyMap<string, readonly Sample[]>

/** @param rounds overrides the row's number of rounds */
export async function runRow(row: Row, context: RunContext, rounds: number | undefined): Promise<Samples> {
  const many = rounds ?? (context.isQuick ? row.rounds.quick : row.rounds.full)
  if (row.kind === 'outside') return await inRounds(row.peers, many, (peer) => row.measure(peer, context))
  return row.peersAtOnce === undefined
    ? await inManyProcesses(row, context, many)
    : await inGroups(row, row.peersAtOnce, context, many)
}

/** Measures a few peers at a time. */
async function inGroups(row: ProcessRow, size: number, context: RunContext, rounds: number): Promise<Samples> {
  const samples = new Map<string, readonly Sample[]>()
  const measureAlone = async (peer: string): Promise<void> => {
    const ownServer = startProcess('server', [], context.nodeOptions)
    try {
      const server = new ServerControl(String(await ownServer.next()))
      const found = await inProcesses({ ...row, peers: [peer] }, { ...context, server }, rounds)
      samples.set(peer, found.get(peer) ?? [])
    } finally {
      await ownServer.stop()
    }
  }
  for (let from = 0; from < row.peers.length; from += size) {
    await Promise.all(row.peers.slice(from, from + size).map(measureAlone))
  }
  return samples
}

/** Divides the rounds among the processes of each peer. */
async function inManyProcesses(row: ProcessRow, context: RunContext, rounds: number): Promise<Samples> {
  const processes = context.isQuick ? 1 : Math.min(row.processes ?? 1, rounds)
  const samples = new Map<string, Sample[]>(row.peers.map((peer) => [peer, []]))
  for (let process = 0; process < processes; process += 1) {
    const share = Math.floor((rounds + process) / processes)
    const found = await inProcesses(row, context, share)
    for (const [peer, some] of found) samples.get(peer)?.push(...some)
  }
  return samples
}

async function inProcesses(row: ProcessRow, context: RunContext, rounds: number): Promise<Samples> {
  const { server, isQuick, nodeOptions } = context
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

/** Each round starts with another peer, so that no peer always runs first or after the same one. */
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
