/** Runs a program and collects its output. */
import { spawnSync } from 'node:child_process'

export interface Outcome {
  readonly hasFailed: boolean
  readonly output: string
}

export function runCommand(command: string, parameters: readonly string[], cwd: string): Outcome {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  return { hasFailed: status !== 0, output: error?.message ?? `${stdout}${stderr}`.trim() }
}

/** Returns the output as a problem if the program failed. */
export function problemsOf({ hasFailed, output }: Outcome): readonly string[] {
  return hasFailed ? [output === '' ? 'failed without output' : output] : []
}
