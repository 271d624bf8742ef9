import { execFile, execFileSync } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Outcome } from '../run-nightlatch.ts'

/** Whether a program is installed, so that its tests are skipped elsewhere. */
export function isInstalled(program: string, ...parameters: readonly string[]): boolean {
  try {
    execFileSync(program, parameters, { stdio: 'ignore', timeout: 60_000 })
    return true
  } catch {
    return false
  }
}

/** Runs a program with no environment but the given and the search path. */
export function runProgram(
  program: string,
  parameters: readonly string[],
  { env = {}, stdin = '', cwd }: { env?: Record<string, string>; stdin?: string; cwd?: string } = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      parameters,
      { env: { PATH: process.env.PATH ?? '', ...env }, timeout: 60_000, ...(cwd === undefined ? {} : { cwd }) },
      (error, stdout, stderr) =>
        resolve({ status: error === null ? 0 : Number(error.code ?? Number.NaN), stdout, stderr }),
    )
    // A program that reads no input may have ended before it is written.
    child.stdin?.on('error', () => {}).end(stdin)
  })
}

/**
 * Writes an executable that runs `nightlatch` from its sources with these parameters, before those of its caller.
 *
 * @returns its path
 */
export async function writeExecutable(folder: string, name: string, parameters: readonly string[]): Promise<string> {
  const bin = join(import.meta.dirname, '../../src/bin.ts')
  const words = [process.execPath, '--conditions=@nightlatch/source', bin, ...parameters]
  const file = join(folder, name)
  await writeFile(file, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`)
  await chmod(file, 0o755)
  return file
}
