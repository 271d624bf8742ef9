/** Runs a Node to its end. */
import { execFile } from 'node:child_process'

/** @returns what it wrote to standard output */
export function runNode(parameters: readonly string[]): Promise<string> {
  const options = { cwd: import.meta.dirname, timeout: 60_000 }
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [...parameters], options, (failure, output, complaints) => {
      if (failure === null) resolve(output)
      else reject(new Error(`Node failed: ${complaints || failure.message}`))
    })
  })
}
