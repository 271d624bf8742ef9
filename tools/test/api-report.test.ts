import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { digestOf, isUnreleased, publicTypes, readReport, writeReport } from '../src/api-report.ts'
import { changedSinceMain, readChangeset, readChangesets } from '../src/read-changesets.ts'
import { readDeclarations } from '../src/read-declarations.ts'
import { exists, publishedPackages, readText, root } from '../src/read-repository.ts'

const changesets = readChangesets()
const changed = changedSinceMain()

/** Types are a promise: what they are stands in `api.txt`, and a change of it says to users what it means, in a changeset. */
describe('the public types of each library', () => {
  const hint = 'If the change is meant: npx -y pnpm@12 tools api, and npx -y pnpm@12 changeset'
  const libraries = publishedPackages()
    .filter(({ isLibrary }) => isLibrary)
    .map(({ folder, manifest }) => {
      const file = `${folder}/api.txt`
      return { folder, manifest, file, report: readReport(exists(file) ? readText(file) : '') }
    })

  it('match its report', () => {
    expect(libraries.length).toBeGreaterThan(0)
    for (const { folder, file, report } of libraries) {
      expect.soft(publicTypes(readDeclarations(join(root, folder))), `${file}: ${hint}`).toBe(report.types)
    }
  })

  it('are released, or have a changeset of at least minor', () => {
    for (const { manifest, file, report } of libraries) {
      const bumps = changesets.map(({ bumps }) => bumps.get(manifest.name)).filter((bump) => bump !== undefined)
      if (isUnreleased(report)) expect.soft(bumps.join(), `${manifest.name}: ${hint}`).toMatch(/minor|major/)
      // Nobody but a release may call types released.
      else
        expect.soft(report.release?.version, `${file}: only \`pnpm tools version\` writes this`).toBe(manifest.version)
    }
  })

  it('change on a branch only with a changeset of that branch', () => {
    const unexplained = libraries
      .filter(({ file, report }) => changed?.get(file) === 'changed' && isUnreleased(report))
      .filter(({ manifest }) => !changesets.some(({ file, bumps }) => changed?.has(file) && bumps.has(manifest.name)))
    expect(
      unexplained.map(({ file, manifest }) => `${file}: name ${manifest.name} in a changeset`),
      hint,
    ).toEqual([])
  })
})

describe('a report', () => {
  const declarations = new Map([
    ['index.d.ts', 'export { b, type Hidden as Shown } from "./b.js";\nexport type { A } from "./a.js";'],
    [
      'a.d.ts',
      'import type { C } from "elsewhere";\n/** Words. */\nexport interface A {\n\t/** More. */\n\tc: C;\n}\n',
    ],
    [
      'b.d.ts',
      'interface Beneath {}\nexport interface Hidden {}\nexport declare function b(url: "/*", x: Beneath): void;',
    ],
  ])
  const types = publicTypes(declarations)

  it('contains exported declarations by name, then internal ones, without comments and files', () => {
    expect(types.split('\n\n')).toEqual([
      'export { Hidden as Shown }',
      'import type { C } from "elsewhere";',
      'export interface A {\n  c: C;\n}',
      'export interface Hidden {}',
      'export function b(url: "/*", x: Beneath): void;',
      'interface Beneath {}',
    ])
  })

  it('does not depend on the files of its declarations', () => {
    const moved = new Map([...declarations].reverse())
    expect(publicTypes(moved)).toBe(types)
  })

  it('is read as it was written', () => {
    for (const release of [undefined, { version: '1.2.3', digest: digestOf(types) }]) {
      expect(readReport(writeReport('acme', { types, release }))).toEqual({ types, release })
    }
  })

  it('is unreleased until the same types are released', () => {
    expect(isUnreleased({ types, release: undefined })).toBe(true)
    expect(isUnreleased({ types, release: { version: '1.0.0', digest: digestOf(`${types}x`) } })).toBe(true)
    expect(isUnreleased({ types, release: { version: '1.0.0', digest: digestOf(types) } })).toBe(false)
  })
})

describe('a changeset', () => {
  it('is read', () => {
    const { bumps, summary } = readChangeset('a.md', '---\n"@a/b": minor\n"c": patch\n---\n\nWhat it means.\n')
    expect([...bumps]).toEqual([
      ['@a/b', 'minor'],
      ['c', 'patch'],
    ])
    expect(summary).toBe('What it means.\n')
  })
})
