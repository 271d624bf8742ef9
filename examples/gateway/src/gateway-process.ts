import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

/** The command that runs `nightlatch-gateway` from its sources, so that it needs no build. */
const gatewayCommand: readonly string[] = [
  process.execPath,
  '--conditions=@nightlatch/source',
  join(import.meta.dirname, '../../../packages/gateway/src/bin.ts'),
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
interface AuditLine {
  readonly event: 'request'
  readonly caller: string
  readonly upstream: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly attempts: number
  readonly ms: number
}

/**
 * Starts the gateway in a folder and waits until it listens.
 *
 * @param listeners how many addresses the configuration has
 */
export async function startGateway(
  folder: string,
  listeners: number,
  parameters: readonly string[] = [],
): Promise<GatewayProcess> {
  const [program = '', ...rest] = gatewayCommand
  const child = spawn(program, [...rest, ...parameters], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit') as Promise<[number | null]>
  const audit: AuditLine[] = []
  const addresses: { readonly listener: string; readonly place: string }[] = []
  const ready = Promise.withResolvers<void>()
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text)
    if (line.event === 'request') audit.push(line)
    else addresses.push({ listener: line.listener, place: line.url ?? line.socket })
    if (addresses.length === listeners) ready.resolve()
  })
  await Promise.race([
    ready.promise,
    ended.then(([status]) => Promise.reject(new Error(`The gateway exited with ${status}.`))),
  ])
  return {
    child,
    main: addresses.find(({ listener }) => listener === 'main')?.place ?? '',
    admin: addresses.find(({ listener }) => listener === 'admin')?.place,
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

/** Returns who may do what, as `nightlatch-gateway check` says in a folder. */
export async function checkGateway(
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const [program = '', ...rest] = gatewayCommand
  const env = { ...process.env, ...environment }
  return (await promisify(execFile)(program, [...rest, 'check'], { cwd: folder, env })).stdout
}
