import type { Readable, Writable } from 'node:stream'

/** The environment and streams of the process, so that tests can replace them. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  /** Which of the three streams are terminals. */
  readonly terminal: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean }
  /** The id of this process. */
  readonly pid: number
  /** Whether a process of this machine runs. */
  isRunning(pid: number): boolean
}

/** Reads stdin to its end. */
export async function readInput({ stdin }: Io): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
