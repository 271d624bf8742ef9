/** Runs the checks in a separate process of Node, Bun or Deno. */
import { spawn } from 'node:child_process'
import type { RuntimeCheckResult } from './checks/runtime-check.ts'

/** Maximum duration of a run. */
const MAX_RUN_MS = 60_000
/** Maximum time in which a process must exit after its last output. */
const MAX_EXIT_MS = 10_000

const EXITS = 'the process exits by itself'

interface Ended {
  readonly stdout: string
  readonly stderr: string
  /** The exit status or signal. */
  readonly status: number | string
  /** Whether the process did not exit after its last output. */
  readonly lingered: boolean
}

/** @param isComplete whether the output so far is complete */
async function runProcess(
  program: string,
  parameters: readonly string[],
  cwd: string,
  isComplete: (stdout: string) => boolean,
): Promise<Ended> {
  const child = spawn(program, parameters, { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: cleanEnvironment() })
  let [stdout, stderr, lingered] = ['', '', false]
  let killing = setTimeout(() => child.kill('SIGKILL'), MAX_RUN_MS)
  let isDone = false
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
    if (isDone || !isComplete(stdout)) return
    isDone = true
    clearTimeout(killing)
    killing = setTimeout(() => {
      lingered = true
      child.kill('SIGKILL')
    }, MAX_EXIT_MS)
  })
  const status = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'no status'))
  })
  clearTimeout(killing)
  return { stdout, stderr, status, lingered }
}

/** The environment without the variables of package managers and runtimes, as a user would have it. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|DENO_|BUN_)/i.test(name))
  return { ...Object.fromEntries(kept), NO_COLOR: '1' }
}

export async function runSuite(
  program: string,
  parameters: readonly string[],
  cwd: string,
): Promise<readonly RuntimeCheckResult[]> {
  const ended = await runProcess(program, parameters, cwd, (stdout) => stdout.endsWith('\n'))
  const { stdout, stderr, status, lingered } = ended
  if (!stdout.endsWith('\n')) return [{ name: 'the suite runs', problem: `${status}: ${stdout}${stderr.trim()}` }]
  const results = JSON.parse(stdout) as readonly RuntimeCheckResult[]
  if (lingered) return [...results, { name: EXITS, problem: `it did not exit within ${MAX_EXIT_MS / 1000} s` }]
  if (status !== 0) return [...results, { name: EXITS, problem: `${status}: ${stderr.trim()}` }]
  return [...results, { name: EXITS }]
}

/** Runs each call of a command line and compares its output. */
export async function runCommands(
  program: string,
  parameters: readonly string[],
  cwd: string,
  calls: readonly { readonly call: readonly string[]; readonly prints: RegExp }[],
): Promise<readonly RuntimeCheckResult[]> {
  const results: RuntimeCheckResult[] = []
  for (const { call, prints } of calls) {
    const { stdout, stderr, status } = await runProcess(program, [...parameters, ...call], cwd, () => false)
    const name = `nightlatch ${call.join(' ')}`
    const isFine = status === 0 && prints.test(stdout)
    results.push(isFine ? { name } : { name, problem: `${status}: ${stderr.trim() || stdout.trim()}` })
  }
  return results
}
