import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ErrorCode, NightlatchError } from '@nightlatch/core'
import { describe, expect, it } from 'vitest'
import { sourceUrl } from '../../tools/src/project.ts'
import { headingAnchor } from '../.vitepress/heading-anchor.ts'
import { includedFiles, movedPages, pageGroups, pagesOutsideTheSidebar } from '../.vitepress/pages.ts'

const docs = join(import.meta.dirname, '..')
const files = globSync('**/*.md', {
  cwd: docs,
  exclude: (name) => /(^|\/)(node_modules|api|\.vitepress)$/.test(String(name)),
}).sort()
const inSidebar = pageGroups.flatMap(({ pages }) => pages.map(({ file }) => file))

describe('the sidebar', () => {
  it('leads to every page, but for those left out on purpose: `docs/.vitepress/pages.ts` is where a page is added', () => {
    expect(files).toContain('core.md')
    expect([...inSidebar, ...Object.keys(pagesOutsideTheSidebar)].sort()).toEqual(files)
  })

  it('calls no two pages the same', () => {
    const titles = pageGroups.flatMap(({ pages }) => pages.map(({ title }) => title))
    expect(titles).toEqual([...new Set(titles)])
  })
})

describe('the description of a page', () => {
  const described = files.map((file) => ({
    file,
    description: /^---\ndescription: "?(.*?)"?\n---\n/.exec(readFileSync(join(docs, file), 'utf8'))?.[1] ?? '',
  }))

  it('is in its front matter, with 60 to 160 characters; the start page has its own', () => {
    const wrong = described.filter(({ description }) => description.length < 60 || description.length > 160)
    expect(wrong.map(({ file }) => file)).toEqual(['index.md'])
  })

  it('is that of no other page', () => {
    const descriptions = described.map(({ description }) => description)
    expect(descriptions).toEqual([...new Set(descriptions)])
  })
})

it.each(Object.entries(includedFiles))('%s stands whole on %s', (file, page) => {
  expect(existsSync(join(docs, '..', file))).toBe(true)
  expect(readFileSync(join(docs, page), 'utf8')).toMatch(
    new RegExp(`<!--@include: \\.\\./${file.replace('.', '\\.')}(\\{3,\\})?-->`),
  )
})

it('a page is moved from where it stands', () => {
  expect(Object.keys(movedPages).filter((file) => !files.includes(file))).toEqual([])
})

describe('the table of contents', () => {
  const contents = readFileSync(join(docs, 'README.md'), 'utf8')

  it('leads to every page, too', () => {
    const missing = files.filter((file) => !['README.md', 'index.md'].includes(file) && !contents.includes(`(${file}`))
    expect(missing).toEqual([])
  })
})

describe('the start page', () => {
  const blockOf = (file: string): string | undefined => /```ts\n([\s\S]*?)```/.exec(readFileSync(file, 'utf8'))?.[1]

  it('shows the same ten lines as the README', () => {
    expect(blockOf(join(docs, 'index.md'))).toContain('createClient')
    expect(blockOf(join(docs, 'index.md'))).toBe(blockOf(join(docs, '../README.md')))
  })
})

describe('the page of errors', () => {
  const codes = /type ErrorCode =([\s\S]*?)\n\n/.exec(
    readFileSync(join(docs, '../packages/core/src/errors.ts'), 'utf8'),
  )?.[1]

  it('has a section for each code, with when it comes and what to do', () => {
    const sections = readFileSync(join(docs, 'errors.md'), 'utf8').split(/\n## /).slice(1)
    const explained = sections.filter((section) => section.includes('**When:**') && section.includes('**What to do:**'))
    const names = explained.map((section) => /^`(\w+)`/.exec(section)?.[1])
    expect(names).toEqual([...(codes ?? '').matchAll(/'(\w+)'/g)].map(([, code]) => code))
    expect(names).toContain('grant_refused')
  })

  it('is where the URL of each error leads', () => {
    const text = readFileSync(join(docs, 'errors.md'), 'utf8')
    const titles = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => headingAnchor(title))
    for (const [, code = ''] of (codes ?? '').matchAll(/'(\w+)'/g)) {
      const { origin, pathname, hash } = new URL(new NightlatchError(code as ErrorCode, 'a').help)
      expect(`${origin}${pathname}`).toBe(sourceUrl('docs/errors.md', 'blob'))
      expect(titles, code).toContain(hash.slice(1))
    }
  })
})
