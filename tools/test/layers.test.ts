import { dirname, join } from 'node:path/posix'
import { describe, expect, it } from 'vitest'
import { type ModuleSummary, readModule } from '../src/read-module.ts'
import { filesIn, publishedPackages, readText } from '../src/read-repository.ts'

/** Each layer of the core, and the layers it may import. Imports of types count like any other. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  diagnostics: ['errors'],
  events: ['diagnostics', 'errors'],
  platform: ['errors'],
  acquire: ['platform', 'errors', 'diagnostics', 'events'],
  cache: ['acquire', 'platform', 'errors', 'diagnostics', 'events'],
  fetch: ['cache', 'acquire', 'platform', 'errors', 'diagnostics', 'events'],
  'client-options': ['fetch', 'cache', 'acquire', 'platform', 'errors', 'diagnostics', 'events'],
  client: ['client-options', 'fetch', 'cache', 'acquire', 'platform', 'errors', 'diagnostics', 'events'],
  'client-pool': [
    'client',
    'client-options',
    'fetch',
    'cache',
    'acquire',
    'platform',
    'errors',
    'diagnostics',
    'events',
  ],
  index: [
    'client-pool',
    'client',
    'client-options',
    'fetch',
    'cache',
    'acquire',
    'platform',
    'errors',
    'diagnostics',
    'events',
  ],
}

const CORE = 'packages/core/src'

describe('the core is laid in layers', () => {
  for (const file of filesIn(CORE, '**/*.ts')) {
    const layer = layerOf(file)

    it(`${file} belongs to a layer`, () => {
      expect(Object.keys(LAYERS)).toContain(layer)
    })

    it(`${file} imports its own layer and those below`, () => {
      const allowed = [layer, ...(LAYERS[layer] ?? [])]
      const imported = moduleAt(join(CORE, file)).imports.filter((specifier) => specifier.startsWith('.'))
      expect(imported.filter((specifier) => !allowed.includes(layerOf(join(dirname(file), specifier))))).toEqual([])
    })
  }
})

describe('the core has no circles', () => {
  it('no file imports itself through others, types included', () => {
    const done = new Set<string>()
    const findCircle = (file: string, path: readonly string[]): readonly string[] | undefined => {
      if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
      if (done.has(file)) return undefined
      const relative = moduleAt(join(CORE, file)).imports.filter((specifier) => specifier.startsWith('.'))
      const found = relative.map((specifier) => findCircle(join(dirname(file), specifier), [...path, file]))
      done.add(file)
      return found.find((circle) => circle !== undefined)
    }
    expect(filesIn(CORE, '**/*.ts').map((file) => findCircle(file, []))).toEqual(
      filesIn(CORE, '**/*.ts').map(() => undefined),
    )
  })
})

describe('the core names no provider', () => {
  for (const file of filesIn(CORE, '**/*.ts')) {
    it(file, () => {
      expect(readText(join(CORE, file)).match(/prevu3d|hexagon|smart completions|\bingr\b/gi)).toBeNull()
    })
  }
})

describe('the core runs where there is no Node', () => {
  for (const file of filesIn(CORE, '**/*.ts')) {
    it(file, () => {
      expect(moduleAt(join(CORE, file)).imports.filter((specifier) => specifier.startsWith('node:'))).toEqual([])
    })
  }
})

for (const { slug, folder } of publishedPackages()) {
  describe(`packages/${slug} keeps to itself`, () => {
    for (const file of filesIn(folder, 'src/**/*.ts')) {
      it(`${file} leaves the console and the process alone`, () => {
        const mayTouchProcess = slug === 'cli' && file === 'src/bin.ts'
        const outside = mayTouchProcess ? ['console'] : ['console', 'process']
        const { identifiers } = moduleAt(join(folder, file))
        expect(outside.filter((name) => identifiers.has(name))).toEqual([])
      })

      it(`${file} keeps no state in the module`, () => {
        expect(moduleAt(join(folder, file)).state).toEqual([])
      })

      it(`${file} imports no other package by its files`, () => {
        const relative = moduleAt(join(folder, file)).imports.filter((specifier) => specifier.startsWith('.'))
        expect(relative.filter((specifier) => join(dirname(file), specifier).startsWith('..'))).toEqual([])
      })
    }
  })
}

/** The layer of a file of the core: its folder, or its own name where it stands at the top. */
function layerOf(file: string): string {
  return file.split('/')[0]?.replace(/\.ts$/, '') ?? ''
}

function moduleAt(file: string): ModuleSummary {
  return readModule(file, readText(file))
}
