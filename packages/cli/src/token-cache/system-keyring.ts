import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { platform } from 'node:os'
import { delimiter, isAbsolute, join, sep } from 'node:path'
import type { Io } from '../io.ts'

/** The keyring of the operating system, with one entry: the encryption key of the cache. */
export interface SystemKeyring {
  /** `unavailable` if the keyring is locked, does not respond in time, or reports an error. */
  read(): Promise<Buffer | 'missing' | 'unavailable'>
  /** Replaces the entry; `false` if the keyring does not respond in time. Only {@link read} shows whether it kept the key. */
  write(key: Buffer): Promise<boolean>
  remove(): Promise<void>
}

/** How the program of one operating system is called. The key is never an argument, because other users see arguments. */
interface KeyringProgram {
  readonly name: string
  readonly read: readonly string[]
  isMissing(result: ProgramResult): boolean
  write(key: string): { readonly parameters: readonly string[]; readonly input: string }
  readonly remove: readonly string[]
}

interface ProgramResult {
  /** `undefined` for a program that did not start or was stopped. */
  readonly status: number | undefined
  readonly stdout: string
  readonly stderr: string
}

/** libsecret, for the keyrings of GNOME, KDE and KeePassXC. */
const secretTool: KeyringProgram = {
  name: 'secret-tool',
  read: ['lookup', 'service', 'nightlatch', 'account', 'token-cache'],
  isMissing: ({ status, stderr }) => status === 1 && stderr === '',
  write: (key) => ({
    parameters: ['store', '--label=Nightlatch token cache', 'service', 'nightlatch', 'account', 'token-cache'],
    input: key,
  }),
  remove: ['clear', 'service', 'nightlatch', 'account', 'token-cache'],
}

/** The keychain of macOS. */
const security: KeyringProgram = {
  name: 'security',
  read: ['find-generic-password', '-s', 'nightlatch', '-a', 'token-cache', '-w'],
  // The lowest byte of errSecItemNotFound.
  isMissing: ({ status }) => status === 44,
  write: (key) => ({
    parameters: ['-i'],
    input: `add-generic-password -U -s nightlatch -a token-cache -l "Nightlatch token cache" -w ${key}\n`,
  }),
  remove: ['delete-generic-password', '-s', 'nightlatch', '-a', 'token-cache'],
}

/** Options of {@link findKeyring}. */
export interface KeyringOptions {
  readonly system?: NodeJS.Platform
  /** Milliseconds for one call of the program; default 5000. */
  readonly timeout?: number
}

/** Finds the program of the keyring; `undefined` where there is none, on Windows, and on Linux without a D-Bus session. */
export function findKeyring(
  { env }: Pick<Io, 'env'>,
  { system = platform(), timeout = 5000 }: KeyringOptions = {},
): SystemKeyring | undefined {
  if (system !== 'linux' && system !== 'darwin') return undefined
  // Without this check, a D-Bus library can start a bus of its own and leave it running.
  if (system === 'linux' && !hasSessionBus(env)) return undefined
  const program = system === 'linux' ? secretTool : security
  const file = findProgram(program.name, env.PATH)
  if (file === undefined) return undefined
  const run = (parameters: readonly string[], input = ''): Promise<ProgramResult> =>
    runProgram(file, parameters, { input, env: environmentOf(env), timeout })
  return {
    async read() {
      const result = await run(program.read)
      const text = result.stdout.trim()
      // An entry that is no key is replaced.
      if (result.status === 0) return /^[0-9a-f]{64}$/.test(text) ? Buffer.from(text, 'hex') : 'missing'
      return program.isMissing(result) ? 'missing' : 'unavailable'
    },
    async write(key) {
      const { parameters, input } = program.write(key.toString('hex'))
      return (await run(parameters, input)).status !== undefined
    },
    async remove() {
      await run(program.remove)
    },
  }
}

function hasSessionBus(env: Io['env']): boolean {
  if (env.DBUS_SESSION_BUS_ADDRESS) return true
  return Boolean(env.XDG_RUNTIME_DIR) && existsSync(join(env.XDG_RUNTIME_DIR ?? '', 'bus'))
}

/** A dependency of a project can bring a program of the same name; package managers put its folder into the search path. */
function findProgram(name: string, path = ''): string | undefined {
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder))
  return folders
    .filter((folder) => !folder.split(sep).includes('node_modules'))
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/** Only what the program reads: the environment of the command can hold client secrets. */
function environmentOf(env: Io['env']): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'USER', 'LOGNAME', 'DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR']
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])))
}

function runProgram(
  file: string,
  parameters: readonly string[],
  { input, env, timeout }: { readonly input: string; readonly env: NodeJS.ProcessEnv; readonly timeout: number },
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    // The error quotes what the program wrote, so it goes no further.
    const child = execFile(file, parameters, { env, timeout, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      const status = error === null ? 0 : error.code
      resolve({ status: typeof status === 'number' ? status : undefined, stdout, stderr })
    })
    // A program that reads no input may have ended before it is written.
    child.stdin?.on('error', () => {}).end(input)
  })
}
