/** Runs a program and waits for its exit. */
import { execFile } from 'node:child_process'

/**
 * @param variables environment variables besides those of this process
 * @returns the standard output
 */
export function runNode(
  parameters: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  return runProgram(process.execPath, parameters, variables)
}

/** Does the same with a program other than Node. */
export function runProgram(
  program: string,
  parameters: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  const options = { cwd: import.meta.dirname, timeout: 60_000, env: { ...process.env, ...variables } }
  return new Promise((resolve, reject) => {
    execFile(program, [...parameters], options, (failure, output, errors) => {
      if (failure === null) resolve(output)
      else reject(new Error(`${program} failed: ${errors || failure.message}`))
    })
  })
}
