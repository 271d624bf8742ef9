/** Runs the checks in workerd without Node compatibility. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { RuntimeCheckResult } from './checks/runtime-check.ts'
import type { WorkerModules } from './worker-modules.ts'

/** Maximum duration of a run. */
const MAX_RUN_MS = 60_000

/** Disables Node compatibility, which is on by default since 2026: a worker that runs without it also runs with it. */
const WITHOUT_NODE = ['no_nodejs_compat', 'no_nodejs_compat_v2']

/** The compatibility date is that of workerd's version: `1.20261117.1` supports 2026-11-17. */
export async function runInWorkerd(
  { program, version }: { readonly program: string; readonly version: string },
  folder: string,
  { modules }: WorkerModules,
  emulatorServerUrl: string,
): Promise<readonly RuntimeCheckResult[]> {
  const file = `${modules[0]?.file}.capnp`
  writeFileSync(join(folder, file), configuration(modules, version.replace(/^1\.(\d{4})(\d\d)(\d\d)\..*$/, '$1-$2-$3')))
  const child = spawn(program, ['serve', file, '--control-fd=3'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  }
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const killing = setTimeout(() => child.kill('SIGKILL'), MAX_RUN_MS)
  try {
    const port = await portOf(child.stdio[3] as Readable, ended)
    if (port === undefined) return [{ name: 'the suite runs', problem: output.trim() }]
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: emulatorServerUrl })
    if (!response.ok) return [{ name: 'the suite runs', problem: `${response.status}: ${output.trim()}` }]
    return (await response.json()) as readonly RuntimeCheckResult[]
  } catch (error) {
    return [{ name: 'the suite runs', problem: `${error}: ${output.trim()}` }]
  } finally {
    clearTimeout(killing)
    child.kill('SIGKILL')
    await ended
  }
}

/** The port that workerd listens on; `undefined` if it exits first. */
async function portOf(control: Readable, ended: Promise<void>): Promise<number | undefined> {
  let messages = ''
  return await Promise.race([
    ended.then(() => undefined),
    new Promise<number>((resolve) => {
      control.setEncoding('utf8').on('data', (chunk: string) => {
        messages += chunk
        const port = /"event":"listen".*"port":(\d+)/.exec(messages)?.[1]
        if (port !== undefined) resolve(Number(port))
      })
    }),
  ])
}

/** Restricts the network to the loopback interface. */
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
