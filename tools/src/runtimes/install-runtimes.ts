/** Installs the runtimes from npm and caches them; they take about 700 MB. */
import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../read-repository.ts'
import type { Runtime } from './runtimes.ts'

const folder = join(root, 'node_modules/.cache/nightlatch-runtimes')

/** Returns the path of each runtime's program; throws if npm is unreachable or lacks one for this machine. */
export async function installRuntimes(runtimes: readonly Runtime[]): Promise<ReadonlyMap<Runtime, string>> {
  const wanted = runtimes.flatMap(({ install }) =>
    install === undefined ? [] : [[install.alias, install.spec] as const],
  )
  const stamp = join(folder, 'installed.json')
  const installed = readInstalled(stamp)
  if (wanted.some(([alias, spec]) => installed[alias] !== spec)) {
    const manifest = JSON.stringify({ private: true, dependencies: Object.fromEntries(wanted) })
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), manifest)
    // The programs are files in the packages, so install scripts are not required.
    const parameters = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']
    // Fails within seconds if npm is unreachable.
    parameters.push('--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000')
    try {
      await promisify(execFile)('npm', parameters, { cwd: folder, timeout: 300_000 })
    } catch (error) {
      const { stderr = '' } = error as { readonly stderr?: string }
      throw new Error(`The runtimes cannot be fetched from npm: ${stderr.trim() || String(error)}`)
    }
    writeFileSync(stamp, manifest)
  }
  return new Map(runtimes.map((runtime) => [runtime, programOf(runtime)]))
}

/** The packages of the last installation, which may have been of more runtimes. */
function readInstalled(stamp: string): Readonly<Record<string, string>> {
  if (!existsSync(stamp)) return {}
  return (JSON.parse(readFileSync(stamp, 'utf8')) as { dependencies: Record<string, string> }).dependencies
}

function programOf({ name, version, program }: Runtime): string {
  if (program === undefined) return process.execPath
  const [found] = globSync(program, { cwd: join(folder, 'node_modules') }).sort()
  if (found === undefined) throw new Error(`npm has no ${name} ${version} for ${process.platform} on ${process.arch}.`)
  return join(folder, 'node_modules', found)
}
