/** Bun and Deno, where they are installed: on the path, or where `tools runtimes` puts them. */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'

export interface OtherRuntime {
  readonly name: string
  readonly program: string
  readonly version: string
  /** Parameters before the file. */
  readonly parameters: readonly string[]
}

const known = [
  { name: 'Bun', file: '@oven/*/bin/bun', parameters: ['--no-install'] },
  {
    name: 'Deno',
    file: '@deno/*/deno',
    parameters: ['run', '--quiet', '--no-prompt', '--no-config', '--no-lock', '--allow-net=127.0.0.1'],
  },
] as const

export type OtherRuntimeName = (typeof known)[number]['name']

const fetched = join(import.meta.dirname, '../../node_modules/.cache/nightlatch-runtimes/node_modules')

/** Returns `undefined` if the runtime is not installed. */
export function findRuntime(name: OtherRuntimeName): OtherRuntime | undefined {
  const found = known.find((runtime) => runtime.name === name)
  if (found === undefined) return undefined
  const ofProject = globSync(`${found.file}{,.exe}`, { cwd: fetched }).map((file) => join(fetched, file))
  for (const program of [...ofProject, name.toLowerCase()]) {
    const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
    const version = /\d+\.\d+\.\d+/.exec(stdout ?? '')?.[0]
    if (version !== undefined) return { name, program, version, parameters: found.parameters }
  }
  return undefined
}
