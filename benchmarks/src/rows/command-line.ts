import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { builtFolder } from '../build-adapters.ts'
import type { OutsideRow, RunContext, Sample } from '../row.ts'
import { runNode } from '../run-program.ts'

const metrics = [{ key: 'cpu', title: 'CPU of the process', unit: 'ms', hasRatio: true, ratioTarget: 1.3 }] as const

/** The whole process of `nightlatch --version`. */
export const commandVersion: OutsideRow = {
  kind: 'outside',
  name: 'cli-version',
  title: '`nightlatch --version`, the whole process',
  about: 'The CPU of a process, from its start to its exit, beside a process of Node that does nothing: `node -e 0`.',
  baseline: 'node',
  peers: ['nightlatch', 'node'],
  metrics,
  rounds: { full: 61, quick: 1 },
  measure: (peer, context) => measure(peer === 'node' ? ['-e', '0'] : [binOf(context), '--version'], context),
}

/** The whole process of `nightlatch token`. */
export const commandToken: OutsideRow = {
  kind: 'outside',
  name: 'cli-token',
  title: '`nightlatch token`, the whole process',
  about:
    'The CPU of a process that requests a token over loopback and describes it, beside the library alone: the process of the row before, which also makes a request. The command line keeps its compiled code between runs.',
  baseline: 'first answer',
  peers: ['nightlatch', 'first answer'],
  metrics,
  rounds: { full: 15, quick: 1 },
  async measure(peer, context) {
    const { origin } = context.server
    if (peer !== 'nightlatch')
      return await measure([join(builtFolder, 'first-answer.js'), 'nightlatch', origin], context)
    const addresses = ['--api-url', `${origin}/api`, '--token-endpoint', `${origin}/token`]
    return await measure([binOf(context), 'token', 'smart-api', ...addresses], context)
  },
}

/** A process prints its CPU as its last act, because nobody else can read that on every system. */
const report = `process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  require('node:fs').writeSync(1, '\\n' + (user + system))
})`

async function measure(parameters: readonly string[], { nodeOptions }: RunContext): Promise<Sample> {
  const reporter = join(builtFolder, 'report-cpu.cjs')
  writeFileSync(reporter, report)
  const output = await runNode([...nodeOptions, '--require', reporter, ...parameters], {
    HEXAGON_CLIENT_ID: 'benchmark',
    HEXAGON_CLIENT_SECRET: 'a secret of 32 characters, no less',
    XDG_CACHE_HOME: join(builtFolder, 'cache'),
  })
  return { cpu: Number(output.split('\n').at(-1)) / 1000 }
}

/** The command line as built, or its source where the benchmark runs over the sources. */
function binOf({ nodeOptions }: RunContext): string {
  const file = nodeOptions.length === 0 ? 'dist/bin.js' : 'src/bin.ts'
  return join(import.meta.dirname, '../../../packages/cli', file)
}
