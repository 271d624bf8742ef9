import { dirname, join } from 'node:path/posix'
import { describe, expect, it } from 'vitest'
import { type ModuleSummary, readModule } from '../src/read-module.ts'
import { filesIn, publishedPackages, readText } from '../src/read-repository.ts'

/** Layers of the core, from the top to the bottom. Each may import those after it. */
const STACK = [
  'index',
  'client-pool',
  'provider-client',
  'client-parts',
  'client',
  'client-options',
  'client-label',
  'fetch',
  'cache',
  'acquire',
]

/** What every layer of the stack may import, and what each of these may import itself. */
const FOUNDATION: Readonly<Record<string, readonly string[]>> = {
  platform: ['errors'],
  events: ['diagnostics', 'errors'],
  diagnostics: ['errors'],
  errors: [],
}

/** Each layer of the core, and the layers it may import. Imports of types count like any other. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(STACK.map((layer, at) => [layer, [...STACK.slice(at + 1), ...Object.keys(FOUNDATION)]])),
  ...FOUNDATION,
}

/** A file, named from the repository's root, and what its text imports, binds and reads. */
interface SourceFile extends ModuleSummary {
  readonly file: string
  readonly text: string
}

const CORE = 'packages/core/src'

const core = sourceFilesIn(CORE)

describe('the core is built in layers', () => {
  it('each file belongs to a layer', () => {
    expect(core.length).toBeGreaterThan(0)
    expect(core.map(({ file }) => file).filter((file) => LAYERS[layerOf(file)] === undefined)).toEqual([])
  })

  it('each file imports only its own layer and lower ones', () => {
    const wrong = core.flatMap(({ file, imports }) => {
      const allowed = [layerOf(file), ...(LAYERS[layerOf(file)] ?? [])]
      return imports
        .filter((specifier) => specifier.startsWith('.'))
        .filter((specifier) => !allowed.includes(layerOf(join(dirname(file), specifier))))
        .map((specifier) => `${file} imports ${specifier}`)
    })
    expect(wrong).toEqual([])
  })

  it('no file names a provider', () => {
    const names = /prevu3d|hexagon|smart completions|\bingr\b/gi
    expect(core.flatMap(({ file, text }) => (text.match(names) ?? []).map((name) => `${file}: ${name}`))).toEqual([])
  })

  it('no file imports a module of Node', () => {
    const found = core.flatMap(({ file, imports }) =>
      imports.filter((specifier) => specifier.startsWith('node:')).map((specifier) => `${file} imports ${specifier}`),
    )
    expect(found).toEqual([])
  })
})

describe('a published package', () => {
  const packages = publishedPackages().map(({ folder }) => ({ folder, files: sourceFilesIn(`${folder}/src`) }))
  const all = packages.flatMap(({ files }) => files)

  it('does not use the console or the process', () => {
    const programs = ['packages/cli/src/bin.ts', 'packages/gateway/src/bin.ts']
    const found = all.flatMap(({ file, identifiers }) => {
      const outside = programs.includes(file) ? ['console'] : ['console', 'process']
      return outside.filter((name) => identifiers.has(name)).map((name) => `${file} reads ${name}`)
    })
    expect(all.length).toBeGreaterThan(core.length)
    expect(found).toEqual([])
  })

  it("reads the process's environment only for a platform's JWT and for the gateway's secrets", () => {
    // Platforms put the JWT's location into the environment, and operators put secrets there. Both are read at the call.
    const readers = ['packages/gateway/src/environment.ts', 'packages/workload-identity/src/environment.ts']
    const found = all.filter(({ imports }) => imports.includes('node:process')).map(({ file }) => file)
    expect(found).toEqual(readers)
  })

  it('has no module-level state', () => {
    expect(all.flatMap(({ file, state }) => state.map((name) => `${file} keeps ${name}`))).toEqual([])
  })

  it('imports no other package by its files', () => {
    const found = packages.flatMap(({ folder, files }) =>
      files.flatMap(({ file, imports }) =>
        imports
          .filter((specifier) => specifier.startsWith('.'))
          .filter((specifier) => !join(dirname(file), specifier).startsWith(`${folder}/`))
          .map((specifier) => `${file} imports ${specifier}`),
      ),
    )
    expect(found).toEqual([])
  })

  it('has no circular imports, including types', () => {
    expect(packages.flatMap(({ files }) => circlesAmong(files))).toEqual([])
  })
})

/** The layer of a file of the core: its folder, or its own name where it stands at the top. */
function layerOf(file: string): string {
  return (
    file
      .slice(CORE.length + 1)
      .split('/')[0]
      ?.replace(/\.ts$/, '') ?? ''
  )
}

function sourceFilesIn(folder: string): readonly SourceFile[] {
  return filesIn(folder, '**/*.ts').map((name) => {
    const file = join(folder, name)
    const text = readText(file)
    return { file, text, ...readModule(file, text) }
  })
}

/** Each group of files that import one another, directly or through others of the group, as one line. */
function circlesAmong(files: readonly SourceFile[]): readonly string[] {
  const neighbours = new Map(
    files.map(({ file, imports }) => [
      file,
      imports.filter((specifier) => specifier.startsWith('.')).map((specifier) => join(dirname(file), specifier)),
    ]),
  )
  const reach = new Map([...neighbours.keys()].map((file) => [file, reachedFrom(file, neighbours)]))
  const groups = [...reach]
    .filter(([file, reached]) => reached.has(file))
    .map(([file, reached]) =>
      [...reached]
        .filter((other) => reach.get(other)?.has(file))
        .sort()
        .join(' '),
    )
  return [...new Set(groups)].sort()
}

function reachedFrom(start: string, neighbours: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const reached = new Set<string>()
  const open = [...(neighbours.get(start) ?? [])]
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (reached.has(file)) continue
    reached.add(file)
    open.push(...(neighbours.get(file) ?? []))
  }
  return reached
}
