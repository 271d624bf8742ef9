/** Finds all packages installed with a package, in node_modules. */
import { existsSync, globSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface InstalledPackage {
  readonly name: string
  readonly version: string
  readonly licence: string | undefined
  /** Scripts that would run on a user's machine during the installation. */
  readonly installScripts: readonly string[]
  /** The first copyright line of its licence file. */
  readonly copyright: string | undefined
  readonly folder: string
}

interface InstalledManifest {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** Returns the packages `names` and all their dependencies, each once; packages in `own` are traversed but omitted. */
export function productionTree(
  names: readonly string[],
  from: string,
  own: readonly string[],
): readonly InstalledPackage[] {
  const found = new Map<string, InstalledPackage>()
  const visit = (name: string, from: string, isOptional: boolean): void => {
    const folder = folderOf(name, from)
    if (folder === undefined && isOptional) return
    if (folder === undefined) throw new Error(`${name} is not installed in ${from}`)
    if (found.has(folder)) return
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as InstalledManifest
    found.set(folder, describe(manifest, folder))
    for (const name of Object.keys(manifest.dependencies ?? {})) visit(name, folder, false)
    for (const name of Object.keys(manifest.optionalDependencies ?? {})) visit(name, folder, true)
  }
  for (const name of names) visit(name, from, false)
  return [...found.values()].filter(({ name }) => !own.includes(name))
}

/** @param folder the package's folder */
function describe({ name, version, license, scripts }: InstalledManifest, folder: string): InstalledPackage {
  const onInstall = ['preinstall', 'install', 'postinstall'].filter((script) => scripts?.[script] !== undefined)
  // npm builds such a package even without an install script.
  const native = existsSync(join(folder, 'binding.gyp')) ? ['binding.gyp'] : []
  const [file] = globSync('{LICENSE,LICENCE,license}*', { cwd: folder })
  const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8')
  const copyright = /^.*copyright (?:\(c\)|©|\d).*$/im.exec(text)?.[0].trim()
  return { name, version, licence: license, installScripts: [...onInstall, ...native], copyright, folder }
}

/** Resolves a package like Node, in the nearest `node_modules` upwards. */
function folderOf(name: string, from: string): string | undefined {
  const folder = join(from, 'node_modules', name)
  if (existsSync(join(folder, 'package.json'))) return realpathSync(folder)
  return dirname(from) === from ? undefined : folderOf(name, dirname(from))
}
