import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** The command of `nightlatch-gateway`: from the sources, or from what is built, as the condition of this process says. */
export const gatewayCommand: readonly string[] = [
  process.execPath,
  ...process.execArgv.filter((option) => option.startsWith('--conditions=')),
  fileURLToPath(import.meta.resolve('@nightlatch/gateway')).replace(/index\.(js|ts)$/, 'bin.$1'),
]

/** A running `nightlatch-gateway`. */
export interface GatewayProcess extends AsyncDisposable {
  readonly child: ChildProcess
  /** The URL of the main listener, or the path of its socket. */
  readonly main: string
  /** The URL of the admin listener. */
  readonly admin: string | undefined
  /** The lines of the audit log so far. */
  readonly audit: readonly AuditLine[]
  /** Lets requests finish, and resolves to the exit status. */
  stop(): Promise<number | null>
}

/** A line of the audit log. */
export interface AuditLine {
  readonly event: 'request'
  readonly caller: string
  readonly upstream: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly attempts: number
  readonly ms: number
}

/** Starts the gateway in a folder and waits until it listens. */
export async function startGateway(folder: string, parameters: readonly string[] = []): Promise<GatewayProcess> {
  const [program = '', ...rest] = gatewayCommand
  const child = spawn(program, [...rest, ...parameters], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit') as Promise<[number | null]>
  const audit: AuditLine[] = []
  const listeners = new Map<string, string>()
  const ready = Promise.withResolvers<void>()
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text)
    if (line.event === 'request') audit.push(line)
    else listeners.set(line.listener, line.url ?? line.socket)
    // The lines of all listeners are written at once, that of the admin listener last if there is one.
    setImmediate(ready.resolve)
  })
  await Promise.race([
    ready.promise,
    ended.then(([status]) => Promise.reject(new Error(`The gateway exited with ${status}.`))),
  ])
  return {
    child,
    main: listeners.get('main') ?? '',
    admin: listeners.get('admin'),
    audit,
    async stop() {
      child.kill('SIGTERM')
      return (await ended)[0]
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Makes a caller's key with `nightlatch-gateway key`. */
export async function makeKey(name: string): Promise<{ readonly key: string; readonly digest: string }> {
  const [program = '', ...rest] = gatewayCommand
  const { stdout } = await promisify(execFile)(program, [...rest, 'key', name, '--json'])
  return JSON.parse(stdout)
}

/** Prints who may do what, as `nightlatch-gateway check` says. */
export async function checkGateway(folder: string): Promise<string> {
  const [program = '', ...rest] = gatewayCommand
  return (await promisify(execFile)(program, [...rest, 'check'], { cwd: folder })).stdout
}
