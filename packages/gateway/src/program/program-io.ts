import type { Writable } from 'node:stream'
import type { Environment } from '../secret-reference.ts'

/** What the program uses of its process. */
export interface ProgramIo {
  /** The version of this package. */
  readonly version: string
  readonly environment: Environment
  /** The working directory. */
  readonly folder: string
  readonly stdout: Writable
  readonly stderr: Writable
  /** The process's id, which systemd names in `LISTEN_PID`. */
  readonly pid: number
  /** Calls a listener for each signal, until the returned function is called. */
  onSignal(signal: 'SIGHUP' | 'SIGTERM' | 'SIGINT', listener: () => void): () => void
}

/** The status with which the program exits: 0 success, 1 failure, 2 wrong usage or a wrong configuration. */
export type ExitStatus = 0 | 1 | 2
