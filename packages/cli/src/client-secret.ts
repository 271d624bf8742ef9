import { readFile } from 'node:fs/promises'
import { CommandError } from './command-error.ts'
import { type Io, readInput } from './io.ts'

/** Sources of a client secret, besides a prompt. */
export interface SecretSources {
  /** A path; `-` is stdin. */
  readonly file: string | undefined
  readonly variable: string
  /** The provider's name, for the prompt. */
  readonly provider: string
}

/** The sources of a target's secret, by the flags of a command. */
export function secretSourcesOf(
  { name: provider, secretVariable: variable }: { readonly name: string; readonly secretVariable: string },
  { clientSecretFile }: Readonly<Record<string, unknown>>,
): SecretSources {
  return { file: typeof clientSecretFile === 'string' ? clientSecretFile : undefined, variable, provider }
}

/**
 * Reads the client secret from a file, the environment or a prompt, in this order. No flag takes it, because other users
 * see flags in the list of processes and the shell keeps them in its history.
 *
 * @throws CommandError `wrong_usage` if no source has one
 */
export async function readClientSecret({ file, variable, provider }: SecretSources, io: Io): Promise<string> {
  if (file !== undefined) return withoutLineEnd(await readSecretFile(file, io))
  const set = io.env[variable]
  if (set !== undefined && set !== '') return set
  if (io.terminal.stdin && io.terminal.stderr) {
    const answer = await askPerson(`Client secret of ${provider}`, io)
    if (answer !== undefined && answer !== '') return answer
    throw new CommandError('wrong_usage', 'no client secret was entered')
  }
  throw new CommandError('wrong_usage', `${provider}: ${variable} or --client-secret-file is missing`)
}

/** Whether a client secret can be read from a file, the environment or a prompt. */
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

/** Editors and `echo` end a file with a line break, which is not part of the secret. */
function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '')
}

async function askPerson(message: string, { stdin, stderr }: Io): Promise<string | undefined> {
  const { isCancel, password } = await import('@clack/prompts')
  // The prompt does not notice Ctrl-D or a closed stdin. An answer also pauses stdin, so the abort waits until the prompt
  // has taken it.
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
