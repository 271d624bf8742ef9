/** Starts a Node process that communicates by messages. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface StartedProcess {
  readonly child: ChildProcess
  /** Resolves to the next message; rejects if the process exits first. */
  next(): Promise<unknown>
  stop(): Promise<void>
}

/** @param file the module's name in this folder, without extension */
export function startProcess(
  file: string,
  parameters: readonly string[],
  nodeOptions: readonly string[],
): StartedProcess {
  const path = fileURLToPath(new URL(`${file}.ts`, import.meta.url))
  const child = fork(path, parameters, { execArgv: [...nodeOptions], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let errorOutput = ''
  child.stderr?.on('data', (text) => {
    errorOutput = `${errorOutput}${text}`.slice(-4000)
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    child,
    async next() {
      return await new Promise((resolve, reject) => {
        child.once('message', resolve)
        void ended.then(() => reject(new Error(`${file} ${parameters.join(' ')} exited: ${errorOutput}`)))
      })
    },
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
