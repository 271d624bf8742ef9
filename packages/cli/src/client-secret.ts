import { readFile } from 'node:fs/promises'
import { CommandError } from './command-error.ts'
import { type Io, readInput } from './io.ts'

/** Where a client secret may come from. */
export interface SecretSources {
  /** A path; `-` is stdin. */
  readonly file: string | undefined
  readonly variable: string
  /** For whom, in the question to a person. */
  readonly provider: string
}

/**
 * The client secret: from a file, the environment, or a person at a terminal, in this order. Never from a flag: anybody on
 * the machine can read those in the list of processes, and a shell keeps them in its history.
 *
 * @throws CommandError `wrong_usage` where there is none
 */
export async function readClientSecret({ file, variable, provider }: SecretSources, io: Io): Promise<string> {
  if (file !== undefined) return withoutLineEnd(await readSecretFile(file, io))
  const set = io.env[variable]
  if (set !== undefined && set !== '') return set
  if (io.terminal.stdin && io.terminal.stderr) {
    const answer = await askPerson(`Client secret of ${provider}`, io)
    if (answer !== undefined && answer !== '') return answer
    throw new CommandError('wrong_usage', 'no client secret was given')
  }
  throw new CommandError('wrong_usage', `${provider}: ${variable} or --client-secret-file is missing`)
}

/** Whether there is somewhere to read a client secret from. */
export function hasClientSecret({ file, variable }: SecretSources, { env, terminal }: Io): boolean {
  return file !== undefined || Boolean(env[variable]) || (terminal.stdin && terminal.stderr)
}

async function readSecretFile(file: string, io: Io): Promise<string> {
  if (file === '-') return (await readInput(io)).toString('utf8')
  try {
    return await readFile(file, 'utf8')
  } catch (failure) {
    const { code = 'unreadable' } = failure as NodeJS.ErrnoException
    throw new CommandError('wrong_usage', `--client-secret-file: ${file} cannot be read (${code})`)
  }
}

/** Editors and `echo` end a file with one. */
function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '')
}

async function askPerson(message: string, { stdin, stderr }: Io): Promise<string | undefined> {
  const { isCancel, password } = await import('@clack/prompts')
  // The question itself does not notice Ctrl-D, nor that nobody is left to answer it. An answer, too, stops the reading:
  // that one is heard first.
  const leaving = new AbortController()
  const leave = (): void => void setImmediate(() => leaving.abort())
  stdin.once('end', leave).once('pause', leave)
  try {
    const answer = await password({ message, input: stdin, output: stderr, signal: leaving.signal })
    return isCancel(answer) ? undefined : answer
  } finally {
    stdin.off('end', leave).off('pause', leave)
  }
}
