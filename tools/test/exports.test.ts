import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readModule } from '../src/read-module.ts'
import { publishedPackages, readText, root } from '../src/read-repository.ts'

const libraries = publishedPackages()
  .filter(({ isLibrary }) => isLibrary)
  .map(({ folder }) => `${folder}/src/index.ts`)

describe('the index of a library', () => {
  it('exports at run time what it declares', async () => {
    const modules = await Promise.all(libraries.map((file): Promise<object> => import(join(root, file))))
    const found = modules.map((module, index) => `${libraries[index]}: ${Object.keys(module).sort().join(', ')}`)
    const said = libraries.map(
      (file) => `${file}: ${[...readModule('index.ts', readText(file)).values].sort().join(', ')}`,
    )
    expect(libraries.length).toBeGreaterThan(0)
    expect(found).toEqual(said)
  })

  it('is a table of contents: it re-exports and declares nothing', () => {
    const declarations = /^export (?!type \{|\{)/m
    expect(libraries.filter((file) => declarations.test(readText(file)))).toEqual([])
  })
})
