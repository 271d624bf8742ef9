import { join } from 'node:path'
import { builtFolder } from '../build-adapters.ts'
import { findRuntime, type OtherRuntimeName } from '../other-runtime.ts'
import type { Metric, OutsideRow, RunContext, Sample } from '../row.ts'
import { runProgram } from '../run-program.ts'

/** A cached token and a request in Bun and in Deno, beside hand-written code in the same runtime. */
export const otherRuntimes: readonly OutsideRow[] = (['Bun', 'Deno'] as const).flatMap((runtime) => [
  row(runtime, 'token', `A cached token, awaited, in ${runtime}`, [
    { key: 'time', title: 'time a call', unit: 'ns', hasRatio: true, ratioTarget: 1.2 },
  ]),
  row(runtime, 'wire', `Authorised requests over loopback, 50 at once, in ${runtime}`, [
    { key: 'time', title: 'time a request', unit: 'µs', hasRatio: true, ratioTarget: 1.05 },
    { key: 'cpu', title: 'CPU a request', unit: 'µs', hasRatio: true, ratioTarget: 1.05 },
  ]),
])

function row(runtime: OtherRuntimeName, what: 'token' | 'wire', title: string, metrics: readonly Metric[]): OutsideRow {
  return {
    kind: 'outside',
    name: `${what}-${runtime.toLowerCase()}`,
    title,
    about: 'As the row of the same name in Node, but with a new process for each round, and each peer in one bundle.',
    baseline: 'hand-written',
    peers: ['nightlatch', 'hand-written'],
    metrics,
    rounds: { full: 9, quick: 1 },
    missing: () =>
      findRuntime(runtime) === undefined
        ? `${runtime} is not installed. \`npx -y pnpm@12 tools runtimes --only=${runtime}\` fetches it.`
        : undefined,
    measure: (peer, context) => measure(runtime, what, peer, context),
  }
}

async function measure(
  runtime: OtherRuntimeName,
  what: string,
  peer: string,
  { server, isQuick }: RunContext,
): Promise<Sample | undefined> {
  const found = findRuntime(runtime)
  if (found === undefined) return undefined
  const file = join(builtFolder, 'runtime/runtime-peer.js')
  const parameters = [...found.parameters, file, what, peer, server.origin, isQuick ? 'quick' : 'full']
  return JSON.parse(await runProgram(found.program, parameters)) as Sample
}
