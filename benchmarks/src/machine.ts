/** Describes the machine and the versions of a run. */
import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { folderOf } from './installed-packages.ts'
import { findRuntime } from './other-runtime.ts'
import { peers } from './peers.ts'

export function describeMachine(): Readonly<Record<string, string | number>> {
  const processors = cpus()
  return {
    node: process.version,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  }
}

/** The load average of the last minute. */
export function load(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100
}

/** Returns the versions of all peers' packages, and of the other runtimes that are installed. */
export function describeVersions(): Readonly<Record<string, string>> {
  const names = [...new Set(peers.flatMap(({ packages }) => packages))].sort()
  const entries = names.flatMap((name) => {
    const folder = folderOf(name, import.meta.dirname)
    if (folder === undefined) return []
    const { version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as { version: string }
    return [[name, version] as const]
  })
  const runtimes = [findRuntime('Bun'), findRuntime('Deno')].flatMap((found) =>
    found === undefined ? [] : [[found.name, found.version] as const],
  )
  return Object.fromEntries([...entries, ...runtimes])
}
