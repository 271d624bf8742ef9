import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readModule } from '../../tools/src/read-module.ts'
import { publishedPackages, readText } from '../../tools/src/read-repository.ts'
import { groupExports } from '../site/api-pages.ts'
import { guideOf, purposes } from '../site/api-purposes.ts'

const docs = join(import.meta.dirname, '..')
const libraries = publishedPackages().filter(({ isLibrary }) => isLibrary)

describe('the purposes of exports, docs/site/api-purposes.ts', () => {
  it('cover every export of the core', () => {
    const { values, types } = readModule('index.ts', readText('packages/core/src/index.ts'))
    const listed = purposes.core?.flatMap(({ names }) => names) ?? []
    expect([...values, ...types].filter((name) => !listed.includes(name))).toEqual([])
  })

  it('name what the packages export, each once', () => {
    for (const [slug, groups] of Object.entries(purposes)) {
      const types = readFileSync(join(docs, `../packages/${slug}/api.txt`), 'utf8')
      const names = groups.flatMap((group) => group.names)
      const isExported = (name: string): boolean =>
        new RegExp(`\\b(class|function|interface|type) ${name}\\b`).test(types)
      expect(
        names.filter((name) => !isExported(name)),
        slug,
      ).toEqual([])
      expect(names, slug).toEqual([...new Set(names)])
    }
  })

  it('lead to guides that exist', () => {
    const guides = [
      ...libraries.map(({ slug }) => guideOf(slug)),
      ...Object.values(purposes).flatMap((groups) => groups.map(({ guide }) => guide)),
    ]
    expect(guides.filter((guide) => !existsSync(join(docs, guide.split('#')[0] ?? '')))).toEqual([])
  })
})

it('exports without a purpose stand below those with one, functions first', () => {
  const one = (name: string, isFunction: boolean) => ({ name, isFunction, summary: '', page: '', source: '' })
  const exports = [one('Other', false), one('memoryStore', true), one('createClient', true), one('other', true)]
  const groups = groupExports({ slug: 'core', name: '@nightlatch/core', description: '', exports })
  expect(groups.map(({ title, exports: [first] }) => [title, first?.name])).toEqual([
    ['Create a client', 'createClient'],
    ['Share tokens', 'memoryStore'],
    ['Functions', 'other'],
    ['Other types', 'Other'],
  ])
})
