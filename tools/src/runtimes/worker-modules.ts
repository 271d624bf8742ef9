/** Collects a worker's modules for workerd, one by one or as a bundle. */
import { readFileSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { type Plugin, rolldown } from 'rolldown'
import { readModule } from '../read-module.ts'

export interface WorkerModules {
  /** The modules of Node that it imports. */
  readonly builtins: readonly string[]
  /** Module names for workerd and their files in the folder, with the entry first. */
  readonly modules: readonly { readonly name: string; readonly file: string }[]
}

/** The conditions of `exports` that an edge bundler uses. */
const conditionNames = ['workerd', 'worker', 'import', 'default']

/** Modules that workerd provides. */
const platformModule = /^(?:cloudflare|workerd):/

interface Import {
  readonly importer: string
  readonly specifier: string
  readonly file: string
}

/** Bundles a worker, with a file for each part that is loaded later. */
export async function bundleWorker(folder: string, entry: string): Promise<WorkerModules> {
  const name = entry.replace(/\.js$/, '.bundle')
  const isOutside = (id: string): boolean => isBuiltin(id) || platformModule.test(id)
  const bundle = await rolldown({ ...inputOf(folder, entry), external: isOutside })
  const names = { entryFileNames: `${name}.js`, chunkFileNames: `${name}.[name].js` }
  const { output } = await bundle.write({ dir: folder, format: 'esm', ...names })
  await bundle.close()
  const left = output.flatMap((chunk) => {
    if (chunk.type !== 'chunk') return []
    const required = [...chunk.code.matchAll(/\b__require\(["']([^"']+)["']\)/g)].map(([, name = '']) => name)
    return [...chunk.imports, ...chunk.dynamicImports, ...required]
  })
  // The entry comes first.
  const files = output.map(({ fileName }) => fileName).filter((file) => file.endsWith('.js'))
  const isOther = (file: string): boolean => !files.includes(file) && !platformModule.test(file)
  return { builtins: unique(left.filter(isOther)), modules: files.map((file) => ({ name: file, file })) }
}

/** Collects the packed files of a worker without bundling. */
export async function collectWorker(folder: string, entry: string): Promise<WorkerModules> {
  const imports: Import[] = []
  const builtins: string[] = []
  const plugin: Plugin = {
    name: 'collect',
    async resolveId(specifier, importer) {
      if (isBuiltin(specifier)) {
        builtins.push(specifier)
        return { id: specifier, external: true }
      }
      if (platformModule.test(specifier)) return { id: specifier, external: true }
      const resolved = await this.resolve(specifier, importer, { skipSelf: true })
      if (resolved !== null && importer !== undefined) imports.push({ importer, specifier, file: resolved.id })
      return resolved
    },
  }
  const bundle = await rolldown({ ...inputOf(folder, entry), plugins: [plugin], treeshake: false })
  await bundle.generate({ format: 'esm' })
  await bundle.close()

  const nameOf = (file: string): string => relative(folder, file).replaceAll('\\', '/')
  const modules = new Map([[entry, entry]])
  for (const { file } of imports) modules.set(nameOf(file), nameOf(file))
  // workerd resolves a bare specifier relative to the importer, so an alias module there re-exports the real one.
  for (const { importer, specifier, file } of imports) {
    const place = join(dirname(nameOf(importer)), specifier).replaceAll('\\', '/')
    if (modules.has(place)) continue
    const alias = `${entry}.alias-${modules.size}.js`
    writeFileSync(join(folder, alias), reExport(file, relative(dirname(place), nameOf(file))))
    modules.set(place, alias)
  }
  return { builtins: unique(builtins), modules: [...modules].map(([name, file]) => ({ name, file })) }
}

function inputOf(folder: string, entry: string): object {
  return {
    input: join(folder, entry),
    cwd: folder,
    platform: 'neutral',
    resolve: { conditionNames, mainFields: ['module', 'main'] },
    logLevel: 'silent',
  }
}

/** Re-exports a module, including its default export, which `export *` omits. */
function reExport(file: string, way: string): string {
  const name = `./${way.replaceAll('\\', '/')}`
  const { hasDefaultExport } = readModule(file, readFileSync(file, 'utf8'))
  return `export * from '${name}'\n${hasDefaultExport ? `export { default } from '${name}'\n` : ''}`
}

const unique = (names: readonly string[]): readonly string[] => [...new Set(names)].sort()
