import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readModule } from '../src/read-module.ts'
import { publishedPackages, readText, root } from '../src/read-repository.ts'

describe('the exported names', () => {
  for (const { slug, folder } of publishedPackages().filter(({ isLibrary }) => isLibrary)) {
    const { values } = readModule('index.ts', readText(`${folder}/src/index.ts`))

    it(`of ${slug} are there when it is imported`, async () => {
      const module: object = await import(join(root, folder, 'src/index.ts'))
      expect(Object.keys(module).sort()).toEqual([...values].sort())
    })

    it(`of ${slug} are re-exports, so that its index is a table of contents`, () => {
      const declarations = /^export (?!type \{|\{)/m
      expect(readText(`${folder}/src/index.ts`)).not.toMatch(declarations)
    })
  }
})
