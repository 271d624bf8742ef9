/**
 * Builds the package in the working directory: an ES module with source map for each entry, and the declarations of its
 * exports. Dependencies stay imports; development dependencies are bundled.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve as resolvePath } from 'node:path'
import { rolldown } from 'rolldown'
import { planChunks } from './plan-chunks.ts'
import { readDeclarations } from './read-declarations.ts'

interface Manifest {
  readonly bin?: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest

const built = [
  ...Object.values(manifest.bin ?? {}),
  ...Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? [] : [entry.default])),
]
const input = Object.fromEntries(
  built.map((file) => {
    const name = file.replace(/^\.\/dist\//, '').replace(/\.js$/, '')
    return [name, `src/${name}.ts`]
  }),
)
const external = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })

rmSync('dist', { recursive: true, force: true })

const chunks = new Map<string, string>()

const bundle = await rolldown({
  input,
  platform: 'neutral',
  // What a chunk shares with another is no export of an entry, because no chunk holds the entry itself.
  preserveEntrySignatures: 'allow-extension',
  treeshake: { moduleSideEffects: 'no-external' },
  external: (id) => id.startsWith('node:') || external.some((name) => id === name || id.startsWith(`${name}/`)),
  resolve: { conditionNames: ['import', 'default'], mainFields: ['module', 'main'] },
  plugins: [
    {
      name: 'chunks',
      buildEnd() {
        for (const [module, chunk] of planChunks(
          Object.values(input).map((file) => resolvePath(file)),
          (id) => this.getModuleInfo(id),
        )) {
          chunks.set(module, chunk)
        }
      },
    },
  ],
})
await bundle.write({
  dir: 'dist',
  format: 'esm',
  sourcemap: true,
  chunkFileNames: '[name].js',
  comments: { legal: true, annotation: true, jsdoc: false },
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [{ debugName: 'planned', name: (id) => chunks.get(id) ?? null }],
  },
})
await bundle.close()

if (Object.keys(manifest.exports).includes('.')) {
  for (const [file, code] of readDeclarations('.')) {
    mkdirSync(dirname(join('dist', file)), { recursive: true })
    writeFileSync(join('dist', file), code)
  }
}
