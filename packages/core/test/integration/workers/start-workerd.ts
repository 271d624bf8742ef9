import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { rolldown } from 'rolldown'
import workerd from 'workerd'

/** The modules of a Worker, by name; the first is its entry. */
type Modules = readonly (readonly [name: string, code: string])[]

/** Bundles `worker.ts`, as Cloudflare's own tools do, but for what the platform brings. */
export async function bundleWorker(): Promise<Modules> {
  const entry = join(import.meta.dirname, 'worker.ts')
  const bundle = await rolldown({
    input: 'entry',
    platform: 'neutral',
    external: /^cloudflare:/,
    resolve: { conditionNames: ['source', 'import', 'default'], mainFields: ['module', 'main'] },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? id : null),
        load: (id) => (id === 'entry' ? `export { worker as default } from ${JSON.stringify(entry)}` : null),
      },
    ],
  })
  const { output } = await bundle.generate({ format: 'esm' })
  await bundle.close()
  return output.flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file.code] as const] : []))
}

export interface Workerd extends AsyncDisposable {
  readonly url: string
  /** What it wrote. */
  readonly log: () => string
}

/** Starts workerd on a free port of loopback. */
export async function startWorkerd(
  modules: Modules,
  bindings: Readonly<Record<string, string>>,
  compatibilityDate = '2025-09-01',
): Promise<Workerd> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-workerd-'))
  for (const [name, code] of modules) writeFileSync(join(folder, name), code)
  const list = (items: readonly string[]): string => `[${items.join(', ')}]`
  writeFileSync(
    join(folder, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = (
      compatibilityDate = "${compatibilityDate}",
      modules = ${list(modules.map(([name]) => `(name = "${name}", esModule = embed "${name}")`))},
      bindings = ${list(Object.entries(bindings).map(([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)})`))},
    )),
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
);
`,
  )
  const process = spawn(workerd, ['serve', 'config.capnp', '--control-fd=3'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let log = ''
  for (const output of [process.stdout, process.stderr]) output?.on('data', (data) => (log += data))
  const ended = new Promise<void>((resolve) => process.once('exit', () => resolve()))
  const port = await new Promise<number>((resolve, reject) => {
    process.once('error', reject)
    void ended.then(() => reject(new Error(`workerd ended: ${log}`)))
    ;(process.stdio[3] as Readable).on('data', (data) => {
      for (const line of String(data).split('\n')) {
        if (line.includes('"listen"')) resolve(JSON.parse(line).port)
      }
    })
  })
  return {
    url: `http://127.0.0.1:${port}`,
    log: () => log,
    async [Symbol.asyncDispose]() {
      process.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
