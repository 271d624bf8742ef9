/** Runs the smoke suite in workerd, with nothing of Node switched on. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { SmokeResult } from './smoke/smoke-check.ts'
import type { WorkerModules } from './worker-modules.ts'

/** Milliseconds. */
const LONGEST_RUN = 60_000

/** Both are on by default since some day of 2026: what runs without them runs with them, and not the other way round. */
const WITHOUT_NODE = ['no_nodejs_compat', 'no_nodejs_compat_v2']

/** The version of workerd says which day's behaviour is its newest: `1.20261117.1` has that of 2026-11-17. */
export async function runInWorkerd(
  { program, version }: { readonly program: string; readonly version: string },
  folder: string,
  { modules }: WorkerModules,
  deskUrl: string,
): Promise<readonly SmokeResult[]> {
  const file = `${modules[0]?.file}.capnp`
  writeFileSync(join(folder, file), configuration(modules, version.replace(/^1\.(\d{4})(\d\d)(\d\d)\..*$/, '$1-$2-$3')))
  const child = spawn(program, ['serve', file, '--control-fd=3'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk
    })
  }
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const killing = setTimeout(() => child.kill('SIGKILL'), LONGEST_RUN)
  try {
    const port = await portOf(child.stdio[3] as Readable, ended)
    if (port === undefined) return [{ name: 'the suite runs', problem: said.trim() }]
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: deskUrl })
    if (!response.ok) return [{ name: 'the suite runs', problem: `${response.status}: ${said.trim()}` }]
    return (await response.json()) as readonly SmokeResult[]
  } catch (error) {
    return [{ name: 'the suite runs', problem: `${error}: ${said.trim()}` }]
  } finally {
    clearTimeout(killing)
    child.kill('SIGKILL')
    await ended
  }
}

/** The port that workerd listens on; `undefined` where it ended before it did. */
async function portOf(control: Readable, ended: Promise<void>): Promise<number | undefined> {
  let heard = ''
  return await Promise.race([
    ended.then(() => undefined),
    new Promise<number>((resolve) => {
      control.setEncoding('utf8').on('data', (chunk: string) => {
        heard += chunk
        const port = /"event":"listen".*"port":(\d+)/.exec(heard)?.[1]
        if (port !== undefined) resolve(Number(port))
      })
    }),
  ])
}

/** The network is the loopback interface alone. */
function configuration(modules: WorkerModules['modules'], compatibilityDate: string): string {
  const listed = modules.map(({ name, file }) => `    (name = ${quote(name)}, esModule = embed ${quote(file)}),`)
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [
${listed.join('\n')}
  ],
  compatibilityDate = ${quote(compatibilityDate)},
  compatibilityFlags = [${WITHOUT_NODE.map(quote).join(', ')}],
);
`
}

const quote = (text: string): string => JSON.stringify(text)
