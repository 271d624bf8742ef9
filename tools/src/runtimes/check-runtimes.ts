/**
 * Runs the checks of the packed packages on every runtime and writes the results into docs/runtimes.md and
 * docs/runtime-checks.md.
 * `--check` only compares the results with that file; `--only=Bun` runs one runtime and writes nothing.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Package, readText, root } from '../read-repository.ts'
import { type EmulatorServer, startEmulatorServer } from './emulator-server.ts'
import { installRuntimes } from './install-runtimes.ts'
import { knownFailures, type PackageResult, unexpectedResults, WITHOUT_NODE } from './known-failures.ts'
import { runCommands, runSuite } from './run-process.ts'
import { runInWorkerd } from './run-workerd.ts'
import { type Runtime, runtimes } from './runtimes.ts'
import { checkTable, packageTable, putTable } from './tables.ts'
import { createTestProject, programFile, type TestProject, workerFile } from './test-project.ts'
import { bundleWorker, collectWorker } from './worker-modules.ts'

/** Number of runtimes to check in parallel, because a run mostly waits. */
const CONCURRENCY = 3

const isCheck = process.argv.includes('--check')
const only = process.argv.find((parameter) => parameter.startsWith('--only='))?.slice('--only='.length)
const startedAt = performance.now()

/** Calls of the command line and their expected output. */
const calls = [
  { call: ['--version'], prints: /^\d+\.\d+\.\d+/ },
  { call: ['demo'], prints: /✓ Call: the projects are Refinery Turnaround/ },
]

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** The commands to call; the gateway's program runs until a signal, and is tested by its package. */
const commandsOf = ({ bin = {} }: Package['manifest']): readonly string[] =>
  Object.entries(bin).flatMap(([name, file]) => (name === 'nightlatch' ? [file] : []))

const labelOf = ({ name, version }: Runtime): string => `${name} ${version}`

async function examine(
  runtime: Runtime,
  program: string,
  { slug, manifest, isLibrary }: Package,
  project: TestProject,
  emulatorServer: EmulatorServer,
): Promise<PackageResult> {
  const about = { runtime: labelOf(runtime), package: manifest.name }
  const { folder } = project
  // A server that runs by itself is run on Node; that it starts elsewhere would not say that it forwards.
  if (slug === 'gateway' && runtime.name !== 'Node.js') return { ...about, results: [], skipped: '—' }
  if (runtime.kind !== 'process') {
    if (manifest.bin !== undefined) return { ...about, results: [], skipped: '—' }
    const prepare = runtime.kind === 'bundle' ? bundleWorker : collectWorker
    const worker = await prepare(folder, workerFile(slug))
    if (worker.builtins.length > 0) {
      return { ...about, results: [{ name: WITHOUT_NODE, problem: worker.builtins.join(', ') }] }
    }
    const results = await runInWorkerd({ program, version: runtime.version }, folder, worker, emulatorServer.url)
    return { ...about, results: [{ name: WITHOUT_NODE }, ...results] }
  }
  const parameters = runtime.parameters?.(slug) ?? []
  const parts = [
    ...(isLibrary ? [runSuite(program, [...parameters, programFile(slug), emulatorServer.url], folder)] : []),
    ...commandsOf(manifest).map((command) =>
      runCommands(program, [...parameters, join('node_modules', manifest.name, command)], folder, calls),
    ),
  ]
  return { ...about, results: (await Promise.all(parts)).flat() }
}

async function examineAll(
  programs: ReadonlyMap<Runtime, string>,
  project: TestProject,
): Promise<readonly PackageResult[]> {
  const emulatorServer = await startEmulatorServer()
  const packageResults = new Map<Runtime, readonly PackageResult[]>()
  const waiting = [...programs].filter(([runtime]) => only === undefined || labelOf(runtime).startsWith(only))
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [runtime, program] = next
      const found: PackageResult[] = []
      for (const published of inOrder(project.packages)) {
        found.push(await examine(runtime, program, published, project, emulatorServer))
      }
      packageResults.set(runtime, found)
      const count = found.flatMap(({ results }) => results).length
      print(`${labelOf(runtime)}: ${count} checks, ${((performance.now() - startedAt) / 1000).toFixed(0)} s so far`)
    }
  }
  try {
    await Promise.all(Array.from({ length: CONCURRENCY }, work))
  } finally {
    await emulatorServer.close()
  }
  return runtimes.flatMap((runtime) => packageResults.get(runtime) ?? [])
}

/** Orders the core first and the command line last. */
function inOrder(packages: readonly Package[]): readonly Package[] {
  const position = ({ slug, manifest }: Package): number => (slug === 'core' ? 0 : manifest.bin === undefined ? 1 : 2)
  return packages.toSorted((left, right) => position(left) - position(right))
}

function publish(packageResults: readonly PackageResult[]): void {
  const tables = [
    { document: 'docs/runtimes.md', name: 'packages', table: packageTable(packageResults, knownFailures) },
    { document: 'docs/runtime-checks.md', name: 'checks', table: checkTable(packageResults) },
  ]
  for (const { document, name, table } of tables) {
    const text = readText(document)
    const renewed = putTable(text, name, table)
    if (renewed === text) {
      print(`ok   ${document} is up to date`)
    } else if (isCheck) {
      print(`FAIL ${document} is outdated. Run \`npx -y pnpm@12 tools runtimes\` to write:\n\n${table}\n`)
      process.exitCode = 1
    } else {
      writeFileSync(join(root, document), renewed)
      print(`     ${document} written`)
    }
  }
}

const ground = mkdtempSync(join(tmpdir(), 'nightlatch-runtimes-'))
try {
  // The runtimes are installed while the packages are packed.
  const [programs, project] = await Promise.all([installRuntimes(runtimes), createTestProject(ground)])
  print(`${programs.size} runtimes installed, ${((performance.now() - startedAt) / 1000).toFixed(0)} s so far`)
  const packageResults = await examineAll(programs, project)
  const found = unexpectedResults(packageResults, knownFailures)
  for (const line of found) print(`FAIL ${line}`)
  if (found.length > 0) process.exitCode = 1
  else if (only === undefined) publish(packageResults)
  else print(`ok   no unexpected results of ${only}`)
} catch (error) {
  print(`FAIL ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
} finally {
  rmSync(ground, { recursive: true, force: true })
}
