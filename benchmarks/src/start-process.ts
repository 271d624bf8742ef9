/** Starts a Node of its own, which speaks by messages. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface StartedProcess {
  readonly child: ChildProcess
  /** The next message; rejects when the process ends without one. */
  next(): Promise<unknown>
  stop(): Promise<void>
}

/** @param file beside this one, without its ending */
export function startProcess(
  file: string,
  parameters: readonly string[],
  nodeOptions: readonly string[],
): StartedProcess {
  const path = fileURLToPath(new URL(`${file}.ts`, import.meta.url))
  const child = fork(path, parameters, { execArgv: [...nodeOptions], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let said = ''
  child.stderr?.on('data', (text) => {
    said = `${said}${text}`.slice(-4000)
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    child,
    async next() {
      return await new Promise((resolve, reject) => {
        child.once('message', resolve)
        void ended.then(() => reject(new Error(`${file} ${parameters.join(' ')} ended: ${said}`)))
      })
    },
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
