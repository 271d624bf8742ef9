import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { rolldown } from 'rolldown'
import { ceiling } from '../../wait-until.ts'

/** The program's path. There is none for every platform, and the package says so when it is loaded. */
const workerd: string | Error = await import('workerd').then(
  (loaded) => loaded.default,
  (failure: Error) => failure,
)

/** What keeps workerd from running here; `undefined`: nothing. It wants a C library that some systems do not have. */
export function whyNoWorkerd(): string | undefined {
  if (workerd instanceof Error) return workerd.message
  const { status, stderr, error } = spawnSync(workerd, ['--version'], { encoding: 'utf8' })
  return status === 0 ? undefined : (error?.message ?? stderr.trim())
}

/** The modules of a Worker, by name; the first is its entry. */
export type Modules = readonly (readonly [name: string, code: string])[]

/**
 * Bundles a Worker, but for what the platform brings; what is loaded later is a module of its own.
 *
 * @param file with the Worker as its default export
 */
export async function bundleWorker(file: string): Promise<Modules> {
  const bundle = await rolldown({
    input: file,
    platform: 'neutral',
    external: /^cloudflare:/,
    resolve: { conditionNames: ['@nightlatch/source', 'import', 'default'], mainFields: ['module', 'main'] },
  })
  const { output } = await bundle.generate({ format: 'esm' })
  await bundle.close()
  // The entry comes first.
  return output.flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file.code] as const] : []))
}

/** A running workerd. */
export interface Workerd extends AsyncDisposable {
  /** The Worker's answers to so many requests at once: status and text. */
  ask(path: string, times?: number): Promise<readonly string[]>
  /** Sends a request whose client then goes away; to be called once it is to. */
  askAndLeave(path: string): Promise<() => void>
  /** What workerd wrote. */
  readonly log: () => string
}

/** Starts workerd with a Worker, on a free port of loopback. */
export async function startWorkerd(
  modules: Modules,
  bindings: Readonly<Record<string, string>>,
  compatibilityDate: string,
): Promise<Workerd> {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-workerd-'))
  for (const [name, code] of modules) writeFileSync(join(folder, name), code)
  writeFileSync(join(folder, 'config.capnp'), describeWorker(modules, bindings, compatibilityDate))
  const program = spawn(String(workerd), ['serve', 'config.capnp', '--control-fd=3'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let log = ''
  for (const output of [program.stdout, program.stderr]) {
    output?.on('data', (data) => {
      log += data
    })
  }
  const end = (): void => void program.kill('SIGKILL')
  process.once('exit', end)
  const ended = once(program, 'exit')
  const port = await Promise.race([
    readPort(program.stdio[3] as Readable),
    ended.then(() => Promise.reject(new Error(`workerd ended: ${log}`))),
  ])
  const url = `http://127.0.0.1:${port}`
  const askOnce = async (path: string): Promise<string> => {
    const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(ceiling) })
    return `${response.status} ${await response.text()}`
  }
  return {
    ask: (path, times = 1) => Promise.all(Array.from({ length: times }, () => askOnce(path))),
    async askAndLeave(path) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      await once(socket, 'connect')
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
      // A reset: of a mere end workerd learns when it answers.
      return () => void socket.resetAndDestroy()
    },
    log: () => log,
    async [Symbol.asyncDispose]() {
      end()
      await ended
      process.off('exit', end)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function describeWorker(
  modules: Modules,
  bindings: Readonly<Record<string, string>>,
  compatibilityDate: string,
): string {
  const files = modules.map(([name]) => `(name = "${name}", esModule = embed "${name}")`)
  const texts = Object.entries(bindings).map(([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)})`)
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = (
      compatibilityDate = "${compatibilityDate}",
      modules = [${files.join(', ')}],
      bindings = [${texts.join(', ')}],
    )),
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
);
`
}

/** workerd tells the port it listens on, a line of JSON an event. */
async function readPort(events: Readable): Promise<number> {
  for await (const data of events) {
    for (const line of String(data).split('\n')) if (line.includes('"listen"')) return JSON.parse(line).port
  }
  throw new Error('workerd listens nowhere')
}
