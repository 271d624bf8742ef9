import { dirname, join } from 'node:path/posix'
import { describe, expect, it } from 'vitest'
import { compileBlocks } from '../src/compile-blocks.ts'
import { anchorsIn, type Document, includesIn, linksIn, quotesIn, readDocuments } from '../src/read-documents.ts'
import { exists, readManifest, readText } from '../src/read-repository.ts'
import { tools } from '../src/tools.ts'

const documents = readDocuments()

/** Pages with commands of one long line, and the API reference. */
const WIDE = /^docs\/(cli\.md|guides\/tokens-for-programs\.md|api\/)/

it('the documents are found', () => {
  expect(documents.map(({ file }) => file)).toEqual(expect.arrayContaining(['README.md', 'docs/README.md']))
})

describe('code in documents', () => {
  it('compiles', { timeout: 600_000 }, async () => {
    const blocks = documents
      .flatMap((document) => document.blocks)
      .filter(({ language, shows }) => language === 'ts' && shows === undefined)
    expect(blocks.length).toBeGreaterThan(0)
    expect(await compileBlocks(blocks)).toEqual([])
  })

  it('equals the file that it names, which is compiled and run elsewhere', () => {
    const shown = documents.flatMap(({ blocks }) => blocks.filter(({ shows }) => shows !== undefined))
    const stale = shown.filter(({ shows, code }) => code !== readText(shows ?? ''))
    expect(stale.map(({ file, line, shows }) => `${file}:${line}: not what is in ${shows}`)).toEqual([])
  })

  it('that a page includes exists, with its region', () => {
    const includes = documents.flatMap((document) =>
      includesIn(document).map(({ line, text }) => ({ document, line, text })),
    )
    expect(includes.length).toBeGreaterThan(10)
    const missing = includes.filter(({ document, text }) => !canInclude(document, text))
    expect(missing.map(({ document, line, text }) => `${document.file}:${line}: ${text}`)).toEqual([])
  })

  it('has at most 76 columns on the pages of the site', () => {
    const pages = documents.filter(({ file }) => /^(README\.md$|docs\/)/.test(file) && !WIDE.test(file))
    const own = pages.flatMap(({ file, blocks }) =>
      blocks
        .filter(({ language }) => !/^(text|console)$/.test(language))
        .flatMap(({ line: opens, code }) =>
          code.split('\n').map((line, index) => ({ at: `${file}:${opens + index + 1}`, line })),
        ),
    )
    const included = pages.flatMap((page) =>
      includesIn(page).flatMap(({ text }) => {
        const [file = '', region] = join(dirname(page.file), text).split('#')
        return linesOf(file, region).map((line, index) => ({ at: `${file}, line ${index + 1}`, line }))
      }),
    )
    // A URL, a path of a tarball or an import cannot be broken.
    const wide = [...own, ...included].filter(
      ({ line }) => line.length > 76 && !/^import .*'$|(?:https?|file):\S{50}/.test(line),
    )
    expect(wide.map(({ at, line }) => `${at}: ${line.length}`)).toEqual([])
  })

  it('is marked as ts, and so is compiled', () => {
    const names = /^(typescript|tsx|mts|cts|js|javascript|jsx|mjs)$/
    const others = documents.flatMap((document) => document.blocks).filter(({ language }) => names.test(language))
    expect(others.map(({ file, line }) => `${file}:${line}`)).toEqual([])
  })
})

it('links in documents have existing targets', () => {
  const broken = documents.flatMap((document) =>
    linksIn(document)
      .filter(({ text }) => !/^[a-z]+:/i.test(text) && !leadsSomewhere(document, text))
      .map(({ line, text }) => `${document.file}:${line}: ${text}`),
  )
  expect(broken).toEqual([])
})

it('files named in documents exist', () => {
  const path = /^(packages|tools|docs|\.ci|\.changeset|\.github)\/[^<>*{}…\s]*$/
  const missing = documents.flatMap((document) =>
    quotesIn(document)
      .filter(({ text }) => path.test(text) && !exists(text))
      .map(({ line, text }) => `${document.file}:${line}: ${text}`),
  )
  expect(missing).toEqual([])
})

it('commands named in documents exist', () => {
  const { scripts = {} } = readManifest('.')
  // Commands of pnpm itself and of an installed package need no script.
  const own = 'add audit changeset create dlx exec i install outdated pack publish update why'.split(' ')
  const isKnown = ({ name, tool }: Command): boolean => {
    if (name === 'tools') return tool === undefined || Object.hasOwn(tools, tool)
    return own.includes(name) || Object.hasOwn(scripts, name)
  }
  const unknown = documents.flatMap((document) =>
    commandsIn(document)
      .filter((command) => !isKnown(command))
      .map(({ text }) => `${document.file}: ${text}`),
  )
  expect(documents.flatMap(commandsIn).map(({ tool }) => tool)).toContain('bench')
  expect(unknown).toEqual([])
})

function canInclude({ file }: Document, target: string): boolean {
  const [path = '', region] = join(dirname(file), target).split('#')
  return exists(path) && linesOf(path, region).length > 0
}

/** The lines of a file, or of its region: from `// #region name` to `// #endregion name`. */
function linesOf(file: string, region: string | undefined): readonly string[] {
  const lines = readText(file).split('\n')
  if (region === undefined) return lines
  const [from, to] = ['#region', '#endregion'].map((mark) =>
    lines.findIndex((line) => line.endsWith(`${mark} ${region}`)),
  )
  return from === undefined || to === undefined || from < 0 ? [] : lines.slice(from + 1, to)
}

function leadsSomewhere(document: Document, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? document.file : join(dirname(document.file), path)
  if (!exists(file)) return false
  if (anchor === undefined) return true
  const aim = documents.find((other) => other.file === file)
  return aim !== undefined && anchorsIn(aim).has(anchor)
}

interface Command {
  readonly text: string
  readonly name: string
  /** The word after `tools`. */
  readonly tool: string | undefined
}

/** Commands such as `pnpm run check`, `npx -y pnpm@12 demo` or `pnpm tools bench`, in prose and in blocks for the shell. */
function commandsIn(document: Document): readonly Command[] {
  const shell = document.blocks.filter(({ language }) => /^(sh|shell|bash|console)$/.test(language))
  const texts = [...quotesIn(document).map(({ text }) => text), ...shell.map(({ code }) => code)]
  const command =
    /(?:^|\s)pnpm(?:@\d+)?(?:\s+--dir\s+\S+|\s+--?[\w-]+)*\s+(?:run\s+)?([\w:-]+)(?:[ \t]+([a-z][\w:-]*))?/g
  return texts.flatMap((text) =>
    [...text.matchAll(command)].map(([all, name = '', word]) => ({
      text: all.trim(),
      name,
      tool: name === 'tools' ? word : undefined,
    })),
  )
}
