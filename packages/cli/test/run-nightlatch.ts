import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import type { Emulator } from '@nightlatch/testing'
import { expect } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { run } from '../src/run.ts'

export interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>
  /** What is piped in. */
  readonly stdin?: string
  /** A person sits at all three; what they type. */
  readonly typed?: string
}

/** Runs a command line in this process, as `bin.ts` would. */
export async function nightlatch(parameters: readonly string[], surroundings: Surroundings = {}): Promise<Outcome> {
  const { env = {}, stdin = '', typed } = surroundings
  const stdout = collect()
  const stderr = collect()
  const isTerminal = typed !== undefined
  const keyboard = new PassThrough()
  if (isTerminal) setTimeout(() => keyboard.write(typed), 100)
  const io = {
    env,
    stdin: isTerminal ? keyboard : Readable.from([stdin]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    terminal: { stdin: isTerminal, stdout: isTerminal, stderr: isTerminal },
    pid: process.pid,
    isRunning: () => true,
  }
  const status = await run(parameters, io, manifest.version)
  return { status, stdout: stdout.text(), stderr: stderr.text() }
}

/** Runs the real bin in a process of its own, with no environment but the given. */
export function nightlatchProcess(parameters: readonly string[], surroundings: Surroundings = {}): Promise<Outcome> {
  const bin = join(import.meta.dirname, '../src/bin.ts')
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--conditions=@nightlatch/source', bin, ...parameters],
      { env: { ...surroundings.env }, timeout: 60_000 },
      (
        error,
        stdout,
        stderr, // One that had to be ended has no code.
      ) => resolve({ status: error === null ? 0 : Number(error.code ?? Number.NaN), stdout, stderr }),
    )
    child.stdin?.end(surroundings.stdin ?? '')
  })
}

function collect(): { readonly stream: PassThrough; text(): string } {
  const stream = new PassThrough()
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') }
}

/** Nothing of what was printed tells a secret, a Basic header or a token of the emulator. */
export function expectNoSecret(
  { stdout, stderr }: Outcome,
  emulator: Emulator & { readonly credentials: { readonly clientSecret: string } },
): void {
  const { clientSecret } = emulator.credentials
  const sent = emulator.requests.flatMap(({ headers }) => headers.get('authorization')?.split(' ')[1] ?? [])
  for (const secret of [clientSecret, encodeURIComponent(clientSecret), ...sent]) {
    // Compared outside of `expect`, which would print the secret.
    expect(`${stdout}${stderr}`.includes(secret)).toBe(false)
  }
}
