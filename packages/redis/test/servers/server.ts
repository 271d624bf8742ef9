import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSelfSigned } from '../../../testing/test/certificates.ts'

export type Kind = 'redis' | 'valkey'

export interface Server extends AsyncDisposable {
  readonly kind: Kind
  readonly port: number
  readonly password: string
  /** What a client must trust; `undefined` without TLS. */
  readonly certificate: string | undefined
  /** The process stands still until `resume`. */
  pause(): void
  resume(): void
  kill(): Promise<void>
  /** On the same port, with nothing in it. */
  restart(): Promise<void>
  close(): Promise<void>
}

interface ServerOptions {
  readonly tls?: boolean
  /** It watches this server, which it calls `main`, and keeps no keys itself. */
  readonly sentinelOf?: Server
  /** Lines of its configuration file. */
  readonly settings?: readonly string[]
  readonly port?: number
}

export const kinds: readonly Kind[] = ['redis', 'valkey']

/** The servers this machine has. Tests of others are skipped, and say so. */
export const installed: readonly Kind[] = kinds.filter((kind) => {
  if (programOf(kind) !== undefined) return true
  process.stderr.write(`\n${kind}-server is not installed: what needs it is skipped\n`)
  return false
})

/** Starts a server on loopback, with a password, a folder of its own, and nothing written to disk. */
export async function startServer(kind: Kind, options: ServerOptions = {}): Promise<Server> {
  const { tls = false, sentinelOf, settings = [], port = await findFreePort() } = options
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-redis-'))
  const password = 'correct-horse'
  const lines = [
    'bind 127.0.0.1',
    `dir ${folder}`,
    ...(sentinelOf === undefined
      ? ['save ""', 'appendonly no', `requirepass ${password}`, `masterauth ${password}`]
      : [`sentinel monitor main 127.0.0.1 ${sentinelOf.port} 1`, `sentinel auth-pass main ${sentinelOf.password}`]),
    ...(tls ? ['port 0', `tls-port ${port}`, 'tls-auth-clients no'] : [`port ${port}`]),
    ...settings,
  ]
  let certificate: string | undefined
  if (tls) {
    const { key, cert } = await createSelfSigned()
    certificate = cert
    for (const [name, pem] of Object.entries({ key, cert })) {
      writeFileSync(join(folder, `${name}.pem`), pem, { mode: 0o600 })
      lines.push(`tls-${name}-file ${join(folder, `${name}.pem`)}`)
    }
    lines.push(`tls-ca-cert-file ${join(folder, 'cert.pem')}`)
  }
  const configuration = join(folder, 'server.conf')
  writeFileSync(configuration, `${lines.join('\n')}\n`, { mode: 0o600 })

  const parameters = sentinelOf === undefined ? [configuration] : [configuration, '--sentinel']
  let running = await launch(kind, parameters)
  const killOnExit = (): void => void running.kill('SIGKILL')
  process.once('exit', killOnExit)
  const kill = async (): Promise<void> => {
    if (running.exitCode !== null || running.signalCode !== null) return
    const gone = once(running, 'exit')
    running.kill('SIGKILL')
    await gone
  }
  const close = async (): Promise<void> => {
    await kill()
    process.off('exit', killOnExit)
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    kind,
    port,
    password,
    certificate,
    pause: () => void running.kill('SIGSTOP'),
    resume: () => void running.kill('SIGCONT'),
    kill,
    restart: async () => {
      await kill()
      running = await launch(kind, parameters)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** A port that nobody has, nor the one for a cluster's bus, which is 10,000 above. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port
  }
}

async function launch(kind: Kind, given: readonly string[]): Promise<ChildProcess> {
  const command = [programOf(kind) as string, ...given]
  // On Linux it ends with this process, however that ends.
  const setpriv = findProgram('setpriv')
  if (setpriv !== undefined) command.unshift(setpriv, '--pdeathsig', 'KILL')
  const [program = '', ...parameters] = command
  const running = spawn(program, parameters, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    const listen = (chunk: Buffer): void => {
      said += chunk.toString()
      if (/Ready to accept connections|Sentinel ID is/i.test(said)) resolve()
    }
    running.stdout.on('data', listen)
    running.stderr.on('data', listen)
    running.once('exit', () => reject(new Error(`${kind}-server ended: ${said.slice(-1000)}`)))
    running.once('error', reject)
  })
  return running
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

function programOf(kind: Kind): string | undefined {
  return findProgram(`${kind}-server`)
}

function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/usr/local/bin']
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
