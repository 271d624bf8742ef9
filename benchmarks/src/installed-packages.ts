/** Finds the packages that are installed with a package. */
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

/** Resolves a package from a folder like Node; `undefined` if it is not installed. */
export function folderOf(name: string, from: string): string | undefined {
  const folder = join(from, 'node_modules', name)
  if (existsSync(join(folder, 'package.json'))) return realpathSync(folder)
  return dirname(from) === from ? undefined : folderOf(name, dirname(from))
}

/** Returns packages and their dependencies as `name@version`, including installed optional ones and required peers. */
export function installedWith(names: readonly string[], from: string): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (name: string, from: string, isNeeded: boolean): void => {
    const folder = folderOf(name, from)
    if (folder === undefined && isNeeded) throw new Error(`${name} is not installed.`)
    if (folder === undefined) return
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
    const label = `${manifest.name}@${manifest.version}`
    if (found.has(label)) return
    found.add(label)
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = manifest
    const optional = Object.keys(optionalDependencies ?? {})
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies }))
      visit(name, folder, !optional.includes(name))
    for (const name of Object.keys(peerDependencies ?? {})) {
      if (peerDependenciesMeta?.[name]?.optional !== true) visit(name, folder, true)
    }
  }
  for (const name of names) visit(name, from, true)
  return found
}
