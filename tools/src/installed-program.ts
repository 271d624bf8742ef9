/** Servers of the operating system, such as nginx and PostgreSQL, for tests and benchmarks. */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process'
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/** The path of an installed program, of its newest version; `undefined` if it is not installed. */
export function findProgram(...patterns: readonly string[]): string | undefined {
  return patterns.flatMap((pattern) => globSync(pattern).sort().reverse()).find((path) => existsSync(path))
}

/** The places of a program in the folders of `PATH`. */
export function onPath(program: string): readonly string[] {
  return (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, program))
}

/** A user without rights. Servers that refuse to run as root run as this one. */
const nobody = 65_534

/** The options of a process that must not run as root, and its own folder. */
export function asUnprivileged(): { readonly folder: string; readonly user: SpawnOptions } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-outside-http-'))
  const isRoot = process.getuid?.() === 0
  if (isRoot) chownSync(folder, nobody, nobody)
  return {
    folder,
    user: { cwd: folder, ...(isRoot && { uid: nobody, gid: nobody }) },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Runs a program to its end. */
export function run(program: string, parameters: readonly string[], options: SpawnOptions): void {
  execFileSync(program, parameters, { ...options, stdio: 'pipe' })
}

/** Maximum duration of a start; RabbitMQ takes half a minute on a busy machine. */
const MAX_START_MS = 180_000

/** A server's process, and its output so far. */
export interface RunningProgram extends AsyncDisposable {
  readonly pid: number
  readonly output: () => string
}

/** Starts a server, and waits until `isReady`. */
export async function start(
  program: string,
  parameters: readonly string[],
  options: SpawnOptions,
  isReady: (output: string) => Promise<boolean>,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<RunningProgram> {
  const child: ChildProcess = spawn(program, parameters, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data) => {
      output += data
    })
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const startedAt = performance.now()
  while (!(await isReady(output))) {
    const isLate = performance.now() - startedAt > MAX_START_MS
    if (isLate) child.kill('SIGKILL')
    if (isLate || child.exitCode !== null) throw new Error(`${program} did not start:\n${output}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    pid: child.pid ?? 0,
    output: () => output,
    async [Symbol.asyncDispose]() {
      child.kill(signal)
      await ended
    },
  }
}

/** Whether a server responds at a URL, with any status. */
export async function isResponding(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).arrayBuffer()
    return true
  } catch {
    return false
  }
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
