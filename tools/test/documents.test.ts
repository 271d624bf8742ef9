import { dirname, join } from 'node:path/posix'
import { describe, expect, it } from 'vitest'
import { compileBlocks } from '../src/compile-blocks.ts'
import { anchorsIn, type Document, linksIn, quotesIn, readDocuments } from '../src/read-documents.ts'
import { isThere, readManifest, readText } from '../src/read-repository.ts'

const documents = readDocuments()

it('the documents are found', () => {
  expect(documents.map(({ file }) => file)).toEqual(expect.arrayContaining(['README.md', 'docs/README.md']))
})

describe('code in documents', () => {
  it('compiles', { timeout: 120_000 }, async () => {
    const blocks = documents
      .flatMap((document) => document.blocks)
      .filter(({ language, shows }) => language === 'ts' && shows === undefined)
    expect(blocks.length).toBeGreaterThan(0)
    expect(await compileBlocks(blocks)).toEqual([])
  })

  it('is the file that it says it shows, which is compiled and run where it stands', () => {
    const shown = documents.flatMap(({ blocks }) => blocks.filter(({ shows }) => shows !== undefined))
    const stale = shown.filter(({ shows, code }) => code !== readText(shows ?? ''))
    expect(stale.map(({ file, line, shows }) => `${file}:${line}: not what is in ${shows}`)).toEqual([])
  })

  it('goes by the name of ts, and so is compiled', () => {
    const names = /^(typescript|tsx|mts|cts|js|javascript|jsx|mjs)$/
    const others = documents.flatMap((document) => document.blocks).filter(({ language }) => names.test(language))
    expect(others.map(({ file, line }) => `${file}:${line}`)).toEqual([])
  })
})

describe('links in documents', () => {
  for (const document of documents) {
    it(`of ${document.file} lead somewhere`, () => {
      const relative = linksIn(document).filter(({ text }) => !/^[a-z]+:/i.test(text))
      const broken = relative.filter(({ text }) => !leadsSomewhere(document, text))
      expect(broken.map(({ line, text }) => `${document.file}:${line}: ${text}`)).toEqual([])
    })
  }
})

describe('files named in documents', () => {
  for (const document of documents) {
    it(`of ${document.file} exist`, () => {
      const paths = quotesIn(document).filter(({ text }) =>
        /^(packages|docs|\.ci|\.changeset|\.github)\/[^<>*{}…\s]*$/.test(text),
      )
      expect(
        paths.filter(({ text }) => !isThere(text)).map(({ line, text }) => `${document.file}:${line}: ${text}`),
      ).toEqual([])
    })
  }
})

describe('commands named in documents', () => {
  const { scripts } = readManifest('.')
  /** Commands of pnpm itself and of a package that is installed, which need no script. */
  const own = [
    'changeset',
    'add',
    'audit',
    'create',
    'dlx',
    'exec',
    'i',
    'install',
    'outdated',
    'pack',
    'publish',
    'update',
    'why',
  ]

  for (const document of documents) {
    it(`of ${document.file} exist`, () => {
      const unknown = commandsIn(document).filter((name) => !own.includes(name) && scripts?.[name] === undefined)
      expect(unknown).toEqual([])
    })
  }
})

function leadsSomewhere(document: Document, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? document.file : join(dirname(document.file), path)
  if (!isThere(file)) return false
  if (anchor === undefined) return true
  const aim = documents.find((other) => other.file === file)
  return aim !== undefined && anchorsIn(aim).has(anchor)
}

/** Names of scripts, as in `pnpm run check` or `npx -y pnpm@12 demo`, in prose and in blocks for the shell. */
function commandsIn(document: Document): readonly string[] {
  const shell = document.blocks.filter(({ language }) => /^(sh|shell|bash|console)$/.test(language))
  const texts = [...quotesIn(document).map(({ text }) => text), ...shell.map(({ code }) => code)]
  const command = /(?:^|\s)pnpm(?:@\d+)?(?:\s+--?[\w-]+)*\s+(?:run\s+)?([\w:-]+)/g
  return texts.flatMap((text) => [...text.matchAll(command)].map(([, name = '']) => name))
}
