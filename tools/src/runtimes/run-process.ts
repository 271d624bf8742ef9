/** Runs the smoke suite in a process of its own: Node, Bun, Deno. */
import { spawn } from 'node:child_process'
import type { SmokeResult } from './smoke/smoke-check.ts'

/** Milliseconds: what a run may take, and how long a process may go on after its last word. */
const LONGEST_RUN = 60_000
const LONGEST_END = 10_000

const ENDS = 'the process ends by itself'

interface Ended {
  readonly stdout: string
  readonly stderr: string
  /** Its status, or the signal that ended it. */
  readonly status: number | string
  /** It had said what it had to say, and went on. */
  readonly lingered: boolean
}

/** `lastWord`: whether what was printed is all there is to come. */
async function runProcess(
  program: string,
  parameters: readonly string[],
  cwd: string,
  lastWord: (stdout: string) => boolean,
): Promise<Ended> {
  const child = spawn(program, parameters, { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: quietEnvironment() })
  let [stdout, stderr, lingered] = ['', '', false]
  let killing = setTimeout(() => child.kill('SIGKILL'), LONGEST_RUN)
  let isDone = false
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
    if (isDone || !lastWord(stdout)) return
    isDone = true
    clearTimeout(killing)
    killing = setTimeout(() => {
      lingered = true
      child.kill('SIGKILL')
    }, LONGEST_END)
  })
  const status = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'no status'))
  })
  clearTimeout(killing)
  return { stdout, stderr, status, lingered }
}

/** What pnpm and npm leave in the environment of a script is none of a user's. */
function quietEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|DENO_|BUN_)/i.test(name))
  return { ...Object.fromEntries(kept), NO_COLOR: '1' }
}

export async function runSuite(
  program: string,
  parameters: readonly string[],
  cwd: string,
): Promise<readonly SmokeResult[]> {
  const ended = await runProcess(program, parameters, cwd, (stdout) => stdout.endsWith('\n'))
  const { stdout, stderr, status, lingered } = ended
  if (!stdout.endsWith('\n')) return [{ name: 'the suite runs', problem: `${status}: ${stdout}${stderr.trim()}` }]
  const results = JSON.parse(stdout) as readonly SmokeResult[]
  if (lingered) return [...results, { name: ENDS, problem: `it went on for ${LONGEST_END / 1000} s` }]
  if (status !== 0) return [...results, { name: ENDS, problem: `${status}: ${stderr.trim()}` }]
  return [...results, { name: ENDS }]
}

/** Runs a command line once for each way that it is called, and looks for a word in what it prints. */
export async function runCommands(
  program: string,
  parameters: readonly string[],
  cwd: string,
  calls: readonly { readonly call: readonly string[]; readonly prints: RegExp }[],
): Promise<readonly SmokeResult[]> {
  const results: SmokeResult[] = []
  for (const { call, prints } of calls) {
    const { stdout, stderr, status } = await runProcess(program, [...parameters, ...call], cwd, () => false)
    const name = `nightlatch ${call.join(' ')}`
    const isFine = status === 0 && prints.test(stdout)
    results.push(isFine ? { name } : { name, problem: `${status}: ${stderr.trim() || stdout.trim()}` })
  }
  return results
}
