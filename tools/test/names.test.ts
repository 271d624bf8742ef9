import { basename, join } from 'node:path/posix'
import { describe, expect, it } from 'vitest'
import { readModule } from '../src/read-module.ts'
import { exists, filesIn, publishedPackages, readText, repositoryFiles } from '../src/read-repository.ts'

/** Names of drawers: what is in such a file cannot be guessed, so anything goes in. */
const DRAWERS = /^(utils?|common|helpers?|managers?|misc)$/

/** Tests of the core that go through the whole of it, and so stand for no one file. */
const CORE_TESTS_OF_THE_WHOLE = [/^readme\.test\.ts$/, /^integration\//]

/** Files of the core that are covered where they are used. Keep it short: a file that decides something has its own test. */
const CORE_FILES_WITHOUT_A_TEST = ['index.ts']

/** The configuration of Vitest and of the site, and Workers, are read by what asks for a default export. */
const DEFAULT_EXPORTS = [
  'vitest.config.ts',
  'vitest.workspace.ts',
  'packages/core/vitest.mutation.ts',
  'packages/core/test/integration/workers/worker.ts',
  'examples/cloudflare-workers/src/worker.ts',
  'docs/.vitepress/config.ts',
  'docs/.vitepress/theme/index.ts',
]

// What a generator wrote has the generator's names and notes.
const files = repositoryFiles().filter((file) => !file.includes('/generated/'))
const code = files.filter((file) => /\.ts$/.test(file))

describe('a file name describes its content', () => {
  it('no generic names', () => {
    const names = code.map((file) => ({ file, parts: file.replace(/(\.test)?\.ts$/, '').split('/') }))
    const drawers = names.filter(({ parts }) =>
      parts.some((part) => part.split('-').some((word) => DRAWERS.test(word))),
    )
    expect(drawers.map(({ file }) => file)).toEqual([])
  })

  it('lower case, words joined by hyphens', () => {
    expect(code.filter((file) => !/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(basename(file)))).toEqual([])
  })
})

describe('an export has a name', () => {
  const modules = code.map((file) => ({ file, ...readModule(file, readText(file)) }))

  it('no default export', () => {
    const found = modules.filter(({ hasDefaultExport }) => hasDefaultExport).map(({ file }) => file)
    expect(found.filter((file) => !DEFAULT_EXPORTS.includes(file))).toEqual([])
  })

  it('no `export *`', () => {
    expect(modules.filter(({ hasStarExport }) => hasStarExport).map(({ file }) => file)).toEqual([])
  })
})

describe('the tests of the core mirror its source', () => {
  it('each test has the path of its subject', () => {
    const tests = filesIn('packages/core/test', '**/*.test.ts').filter(
      (file) => !CORE_TESTS_OF_THE_WHOLE.some((pattern) => pattern.test(file)),
    )
    const subjectOf = (test: string): string =>
      join('packages/core/src', test.replace(/(\.property|\.slow)?\.test\.ts$/, '.ts'))
    expect(tests.filter((test) => !exists(subjectOf(test)))).toEqual([])
  })

  it('each source file has its test', () => {
    const sources = filesIn('packages/core/src', '**/*.ts').filter(
      (file) =>
        !CORE_FILES_WITHOUT_A_TEST.includes(file) &&
        !readModule(file, readText(`packages/core/src/${file}`)).isTypesOnly,
    )
    const testOf = (source: string): string => join('packages/core/test', source.replace(/\.ts$/, '.test.ts'))
    expect(sources.filter((source) => !exists(testOf(source)))).toEqual([])
  })
})

describe('every published package', () => {
  const packages = publishedPackages()

  it('has a README that opens with its name', () => {
    const wrong = packages.filter(
      ({ folder, manifest }) => !readText(`${folder}/README.md`).split('\n')[0]?.includes(manifest.name),
    )
    expect(wrong.map(({ slug }) => slug)).toEqual([])
  })

  it('has the licence of the repository', () => {
    const wrong = packages.filter(({ folder }) => !readText(`${folder}/LICENSE`).startsWith(readText('LICENSE')))
    expect(wrong.map(({ slug }) => slug)).toEqual([])
  })

  it('has one page of its name in the documentation', () => {
    const pages = packages.map(({ slug }) => [`docs/${slug}.md`, `docs/providers/${slug}.md`].filter(exists))
    expect(packages.filter((_, index) => pages[index]?.length !== 1).map(({ slug }) => slug)).toEqual([])
  })
})

describe('no leftovers', () => {
  const texts = files
    .filter((file) => /\.(ts|js|json|md|ya?ml|txt)$|^\.ci\/|(^|\/)LICENSE$/.test(file) && file !== 'pnpm-lock.yaml')
    .map((file) => ({ file, text: readText(file) }))
  // Spelt in parts, so that this file does not find itself.
  const leftovers: Readonly<Record<string, RegExp>> = {
    'a path of one machine': new RegExp(`(^|[\\s'"\`(=])/(${['work', 'root', 'tmp/bash_jobs'].join('|')})/`, 'm'),
    'a test that shuts out the others': new RegExp(`\\.${'only'}\\(`),
    'a test to be written': new RegExp(`\\.${'todo'}\\(`),
    'a note to oneself': new RegExp(`\\b(${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')})\\b`),
  }
  for (const [name, pattern] of Object.entries(leftovers)) {
    it(`no ${name.replace(/^a /, '')}`, () => {
      expect(texts.filter(({ text }) => pattern.test(text)).map(({ file }) => file)).toEqual([])
    })
  }
})
