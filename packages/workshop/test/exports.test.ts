import * as core from '@latchkey/core'
import * as hexagon from '@latchkey/hexagon'
import * as prevu3d from '@latchkey/prevu3d'
import * as testing from '@latchkey/testing'
import * as undici from '@latchkey/undici'
import { describe, expect, it } from 'vitest'
import { readModule } from '../src/read-module.ts'
import { publishedPackages, readText } from '../src/read-repository.ts'

const modules: Readonly<Record<string, object>> = { core, hexagon, prevu3d, testing, undici }

/** The names a package gives to others are a promise: the snapshot changes only with a changeset that says so. */
describe('the exported names', () => {
  for (const { slug, folder } of publishedPackages().filter(({ isLibrary }) => isLibrary)) {
    const { values, types } = readModule('index.ts', readText(`${folder}/src/index.ts`))

    it(`of ${slug} are those of the snapshot`, () => {
      expect({ values: [...values].sort(), types: [...types].sort() }).toMatchSnapshot()
    })

    it(`of ${slug} are there when it is imported`, () => {
      expect(Object.keys(modules[slug] ?? {}).sort()).toEqual([...values].sort())
    })

    it(`of ${slug} are re-exports, so that its index is a table of contents`, () => {
      const declarations = /^export (?!type \{|\{)/m
      expect(readText(`${folder}/src/index.ts`)).not.toMatch(declarations)
    })
  }
})
