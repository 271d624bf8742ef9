/** Packs a package and checks its tarball. */
import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { scope } from './project.ts'
import { readModule } from './read-module.ts'
import { type Manifest, type Package, root } from './read-repository.ts'
import { problemsOf, runCommand } from './run-command.ts'

/** A check and the problems it found. */
export interface Check {
  readonly name: string
  readonly problems: readonly string[]
}

export interface PackedPackage extends Package {
  readonly tarball: string
  /** An empty folder to unpack the tarball in. */
  readonly ground: string
}

/** Packs a package as for publishing and returns the tarball's path. */
export function packPackage({ folder, manifest }: Package, destination: string): string {
  const { hasFailed, output } = runCommand('pnpm', ['pack', '--pack-destination', destination], join(root, folder))
  const tarball = join(destination, `${manifest.name.replace(/^@/, '').replace('/', '-')}-${manifest.version}.tgz`)
  if (hasFailed || !existsSync(tarball)) throw new Error(`${manifest.name} cannot be packed: ${output}`)
  return tarball
}

export function inspectTarball(packed: PackedPackage): readonly Check[] {
  const unpacked = unpack(packed)
  const text = readFileSync(join(unpacked, 'package.json'), 'utf8')
  const manifest = JSON.parse(text) as Manifest
  const files = globSync('**/*', { cwd: unpacked, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(unpacked.length + 1))
    .sort()

  return [
    { name: 'publint', problems: lintWith('publint', ['run', packed.tarball, '--strict']) },
    ...(packed.isLibrary ? [{ name: 'types resolve (attw)', problems: checkTypes(packed.tarball) }] : []),
    { name: 'contains exactly the expected files', problems: unexpectedFiles(files) },
    { name: 'its manifest contains nothing of the workspace', problems: workspaceWords(text) },
    { name: 'every target of its manifest exists', problems: missingTargets(manifest, files) },
    { name: 'every module has its source map', problems: missingMaps(unpacked, files) },
    { name: 'imports only what it declares', problems: undeclaredImports(manifest, unpacked, files) },
  ]
}

function unpack({ tarball, ground }: PackedPackage): string {
  const target = join(ground, 'unpacked')
  mkdirSync(target)
  const { hasFailed, output } = runCommand('tar', ['-xzf', tarball, '-C', target], ground)
  if (hasFailed) throw new Error(`${tarball} cannot be unpacked: ${output}`)
  return join(target, 'package')
}

function lintWith(tool: string, parameters: readonly string[]): readonly string[] {
  return problemsOf(runCommand(join(root, 'node_modules/.bin', tool), parameters, root))
}

/** The packages are ES modules only, so resolution from CommonJS is not checked. */
function checkTypes(tarball: string): readonly string[] {
  const options = ['--profile', 'esm-only', '--no-definitely-typed', '--no-emoji', '--no-color', '--format', 'ascii']
  return lintWith('attw', [tarball, ...options])
}

function unexpectedFiles(files: readonly string[]): readonly string[] {
  const required = ['package.json', 'README.md', 'LICENSE']
  const allowed = [...required, 'CHANGELOG.md']
  return [
    ...required.filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
    ...files
      .filter((file) => !allowed.includes(file) && !/^dist\/.*\.(js|js\.map|d\.ts)$/.test(file))
      .map((file) => `${file} is packed`),
  ]
}

/** The `source` condition names files that are not packed, and only pnpm supports its protocols. */
function workspaceWords(manifest: string): readonly string[] {
  return [`"${scope}/source"`, 'workspace:', 'catalog:']
    .filter((word) => manifest.includes(word))
    .map((word) => `it contains ${word}`)
}

function missingTargets(manifest: Manifest, files: readonly string[]): readonly string[] {
  const targets = [
    ...Object.values(manifest.bin ?? {}),
    ...Object.values(manifest.exports ?? {}).flatMap((entry) =>
      typeof entry === 'string' ? entry : Object.values(entry),
    ),
  ]
  return targets
    .filter((target) => !files.includes(target.replace(/^\.\//, '')))
    .map((target) => `${target} is missing`)
}

/** A module with only re-exports has no code to map. */
function missingMaps(folder: string, files: readonly string[]): readonly string[] {
  const onlyReExports = /^((import|export) \{[^}]*\} from "[^"]+";\s*)+(export \{[^}]*\};\s*)?$/
  return (
    files
      .filter((file) => file.endsWith('.js') && !files.includes(`${file}.map`))
      // The bundler's own file has no source.
      .filter((file) => file !== 'dist/rolldown-runtime.js')
      .filter((file) => !onlyReExports.test(readFileSync(join(folder, file), 'utf8')))
      .map((file) => `${file} has no source map`)
  )
}

function undeclaredImports(manifest: Manifest, folder: string, files: readonly string[]): readonly string[] {
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
  // The core also runs on runtimes without Node's modules.
  const mayUseNode = manifest.name !== `${scope}/core`
  const isAllowed = (specifier: string): boolean =>
    specifier.startsWith('.') ||
    (mayUseNode && specifier.startsWith('node:')) ||
    declared.some((name) => specifier === name || specifier.startsWith(`${name}/`))
  return files
    .filter((file) => /\.(js|d\.ts)$/.test(file))
    .flatMap((file) => {
      const { imports } = readModule(file, readFileSync(join(folder, file), 'utf8'))
      return imports.filter((specifier) => !isAllowed(specifier)).map((specifier) => `${file} imports ${specifier}`)
    })
}
