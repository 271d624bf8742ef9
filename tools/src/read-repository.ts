/** Reads the repository's files, packages and manifests. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Manifest {
  readonly name: string
  readonly version?: string
  readonly private?: boolean
  readonly bin?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly engines?: Readonly<Record<string, string>>
}

export interface Package {
  /** The folder's name under `packages`. */
  readonly slug: string
  /** The folder's path from the repository's root. */
  readonly folder: string
  readonly manifest: Manifest
  /** Whether the package can be imported, not only run. */
  readonly isLibrary: boolean
}

export const root: string = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** Reads a file by its path from the repository's root. */
export function readText(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

export function exists(path: string): boolean {
  return existsSync(join(root, path))
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readText(join(folder, 'package.json'))) as Manifest
}

/** The published packages, ordered by folder. */
export function publishedPackages(): readonly Package[] {
  return globSync('packages/*/package.json', { cwd: root })
    .sort()
    .map((file) => {
      const folder = file.replace(/\/package\.json$/, '')
      const manifest = readManifest(folder)
      return {
        slug: folder.replace(/^packages\//, ''),
        folder,
        manifest,
        isLibrary: manifest.exports?.['.'] !== undefined,
      }
    })
    .filter(({ manifest }) => manifest.private !== true)
}

/** The files in a folder that match a pattern, by their path from the folder. */
export function filesIn(folder: string, pattern: string): readonly string[] {
  return globSync(pattern, { cwd: join(root, folder) }).sort()
}

/** All files that are in the repository or not ignored by it. */
export function repositoryFiles(): readonly string[] {
  return listed().filter((file) => exists(file) && statSync(join(root, file)).isFile())
}

function listed(): readonly string[] {
  try {
    const options = { cwd: root, encoding: 'utf8', stdio: 'pipe', maxBuffer: 2 ** 26 } as const
    return execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], options)
      .split('\0')
      .filter((file) => file !== '')
  } catch {
    return walk('')
  }
}

/** Lists files without git, except generated ones. */
function walk(folder: string): readonly string[] {
  const generated = ['.git', 'node_modules', 'dist', '.blocks', 'coverage', 'docs/api', 'docs/.vitepress/cache']
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !generated.includes(name) && !generated.includes(join(folder, name)))
    .flatMap((entry) => (entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)]))
}
