import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { run } from '../src/program/run.ts'

const program = join(import.meta.dirname, '../src/bin.ts')

/** The command that runs the program from its sources. */
export const programCommand: readonly string[] = [process.execPath, '--conditions=@nightlatch/source', program]

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line in this process, as `bin.ts` would. */
export async function runProgram(
  parameters: readonly string[],
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const onSignal = (): (() => void) => () => undefined
  const status = await run(parameters, {
    version: '1.2.3',
    environment,
    folder,
    stdout,
    stderr,
    pid: process.pid,
    onSignal,
  })
  return { status, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

/** Runs `nightlatch-gateway` to its end in a process of its own. */
export async function runProcess(
  parameters: readonly string[],
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const child = start(parameters, folder, environment)
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (text) => {
    stdout += text
  })
  child.stderr?.on('data', (text) => {
    stderr += text
  })
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, stdout, stderr }
}

/** A running gateway. */
export interface RunningProgram extends AsyncDisposable {
  readonly child: ChildProcess
  /** Resolves to the next line of standard output that matches, earlier ones included. */
  line(matches: (line: Readonly<Record<string, unknown>>) => boolean): Promise<Readonly<Record<string, unknown>>>
  /** Resolves when standard error contains a text. */
  note(text: string): Promise<void>
  /** What standard error contains. */
  notes(): string
  /** Sends a signal and resolves to the exit status. */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts `nightlatch-gateway` in a folder. */
export function startProgram(
  parameters: readonly string[],
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): RunningProgram {
  const child = start(parameters, folder, environment)
  const lines: Readonly<Record<string, unknown>>[] = []
  let stderr = ''
  let changed = Promise.withResolvers<void>()
  const change = (): void => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(JSON.parse(line))
      change()
    })
  }
  child.stderr?.on('data', (text) => {
    stderr += text
    change()
  })
  const ended = once(child, 'exit') as Promise<[number | null]>
  const until = async <Found>(find: () => Found | undefined): Promise<Found> => {
    for (;;) {
      const found = find()
      if (found !== undefined) return found
      const status = await Promise.race([changed.promise, ended])
      if (status !== undefined && find() === undefined) throw new Error(`The program exited: ${stderr}`)
    }
  }
  return {
    child,
    line: (matches) => until(() => lines.find(matches)),
    note: async (text) => void (await until(() => (stderr.includes(text) ? true : undefined))),
    notes: () => stderr,
    async end(signal = 'SIGTERM') {
      child.kill(signal)
      return (await ended)[0]
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

function start(
  parameters: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
): ChildProcess {
  const [node = '', ...rest] = programCommand
  // Node's own warnings about TypeScript would be on standard error.
  const env = { PATH: process.env.PATH, NODE_NO_WARNINGS: '1', ...environment }
  return spawn(node, [...rest, ...parameters], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
}
