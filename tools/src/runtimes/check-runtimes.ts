/**
 * Packs the packages, installs them as a user would, runs the smoke suite on every runtime, and writes what works where into
 * docs/runtimes.md. With `--check` it writes nothing, and fails where these say something else; with
 * `--only=Bun` it tries that runtime alone, and writes nothing either.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Package, readText, root } from '../read-repository.ts'
import { type Consumer, prepareConsumer, programFile, workerFile } from './consumer.ts'
import { type EmulatorDesk, openEmulatorDesk } from './emulator-desk.ts'
import { installRuntimes } from './install-runtimes.ts'
import { runCommands, runSuite } from './run-process.ts'
import { runInWorkerd } from './run-workerd.ts'
import { type Runtime, runtimes } from './runtimes.ts'
import { checkTable, packageTable, putTable } from './tables.ts'
import { knownGaps, surprises, type Verdict, WITHOUT_NODE } from './verdict.ts'
import { bundleWorker, collectWorker } from './worker-modules.ts'

/** So many runtimes at a time: much of a run is waiting. */
const LANES = 3

const isCheck = process.argv.includes('--check')
const only = process.argv.find((parameter) => parameter.startsWith('--only='))?.slice('--only='.length)
const begun = performance.now()

/** How the command line is called, and what it then prints. */
const calls = [
  { call: ['--version'], prints: /^\d+\.\d+\.\d+/ },
  { call: ['demo'], prints: /✓ Call: the projects are Refinery Turnaround/ },
]

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

const labelOf = ({ name, version }: Runtime): string => `${name} ${version}`

async function examine(
  runtime: Runtime,
  program: string,
  { slug, manifest, isLibrary }: Package,
  consumer: Consumer,
  desk: EmulatorDesk,
): Promise<Verdict> {
  const about = { runtime: labelOf(runtime), package: manifest.name }
  const { folder } = consumer
  if (runtime.kind !== 'process') {
    if (manifest.bin !== undefined) return { ...about, results: [], untried: '—' }
    const prepare = runtime.kind === 'bundle' ? bundleWorker : collectWorker
    const worker = await prepare(folder, workerFile(slug))
    if (worker.builtins.length > 0) {
      return { ...about, results: [{ name: WITHOUT_NODE, problem: worker.builtins.join(', ') }] }
    }
    const results = await runInWorkerd({ program, version: runtime.version }, folder, worker, desk.url)
    return { ...about, results: [{ name: WITHOUT_NODE }, ...results] }
  }
  const parameters = runtime.parameters?.(slug) ?? []
  const parts = [
    ...(isLibrary ? [runSuite(program, [...parameters, programFile(slug), desk.url], folder)] : []),
    ...Object.values(manifest.bin ?? {}).map((command) =>
      runCommands(program, [...parameters, join('node_modules', manifest.name, command)], folder, calls),
    ),
  ]
  return { ...about, results: (await Promise.all(parts)).flat() }
}

async function examineAll(programs: ReadonlyMap<Runtime, string>, consumer: Consumer): Promise<readonly Verdict[]> {
  const desk = await openEmulatorDesk()
  const verdicts = new Map<Runtime, readonly Verdict[]>()
  const waiting = [...programs].filter(([runtime]) => only === undefined || labelOf(runtime).startsWith(only))
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [runtime, program] = next
      const found: Verdict[] = []
      for (const published of inOrder(consumer.packages)) {
        found.push(await examine(runtime, program, published, consumer, desk))
      }
      verdicts.set(runtime, found)
      const count = found.flatMap(({ results }) => results).length
      say(`${labelOf(runtime)}: ${count} checks, ${((performance.now() - begun) / 1000).toFixed(0)} s so far`)
    }
  }
  try {
    await Promise.all(Array.from({ length: LANES }, work))
  } finally {
    await desk.close()
  }
  return runtimes.flatMap((runtime) => verdicts.get(runtime) ?? [])
}

/** The core first, the command line last. */
function inOrder(packages: readonly Package[]): readonly Package[] {
  const rank = ({ slug, manifest }: Package): number => (slug === 'core' ? 0 : manifest.bin === undefined ? 1 : 2)
  return packages.toSorted((left, right) => rank(left) - rank(right))
}

function publish(verdicts: readonly Verdict[]): void {
  const tables = [
    { document: 'docs/runtimes.md', name: 'packages', table: packageTable(verdicts, knownGaps) },
    { document: 'docs/runtimes.md', name: 'checks', table: checkTable(verdicts) },
  ]
  for (const { document, name, table } of tables) {
    const text = readText(document)
    const renewed = putTable(text, name, table)
    if (renewed === text) {
      say(`ok   ${document} says so`)
    } else if (isCheck) {
      say(
        `FAIL ${document} says something else; \`npx -y pnpm@12 tools runtimes\` writes what was found:\n\n${table}\n`,
      )
      process.exitCode = 1
    } else {
      writeFileSync(join(root, document), renewed)
      say(`     ${document} written`)
    }
  }
}

const ground = mkdtempSync(join(tmpdir(), 'nightlatch-runtimes-'))
try {
  // npm fetches the runtimes while the packages are packed.
  const [programs, consumer] = await Promise.all([installRuntimes(runtimes), prepareConsumer(ground)])
  say(`${programs.size} runtimes at hand, ${((performance.now() - begun) / 1000).toFixed(0)} s so far`)
  const verdicts = await examineAll(programs, consumer)
  const found = surprises(verdicts, knownGaps)
  for (const line of found) say(`FAIL ${line}`)
  if (found.length > 0) process.exitCode = 1
  else if (only === undefined) publish(verdicts)
  else say(`ok   nothing else than what is known of ${only}`)
} catch (error) {
  say(`FAIL ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
} finally {
  rmSync(ground, { recursive: true, force: true })
}
