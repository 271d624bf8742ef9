import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { publishedPackages } from '../../tools/src/read-repository.ts'
import { changes } from '../.vitepress/changelog.ts'
import { plainMarkdown } from '../.vitepress/llms.ts'
import { headOf } from '../.vitepress/page-head.ts'
import { pageGroups } from '../.vitepress/pages.ts'

describe('the page of changes', () => {
  it('has a heading for each package, and the text of its changeset', () => {
    const headings = changes().match(/^## .*$/gm)
    expect(headings).toEqual(publishedPackages().map(({ manifest }) => `## ${manifest.name}`))
    expect(changes()).toContain('First release: OAuth 2.0 client credentials for programs')
  })
})

describe('llms-full.txt', () => {
  const pages = pageGroups.flatMap(({ pages: group }) => group.map(({ file }) => ({ file, text: plainMarkdown(file) })))

  it('holds the code that pages include, and no line that includes', () => {
    expect(pages.filter(({ text }) => /^<<<|<!--@include/m.test(text)).map(({ file }) => file)).toEqual([])
    const [including] = pages.filter(({ file }) =>
      /^<<< \S+$/m.test(readFileSync(join(import.meta.dirname, '..', file), 'utf8')),
    )
    expect(including?.text).toMatch(/^```ts\n.*/m)
    expect(pages.map(({ text }) => text).join('')).not.toMatch(/\/\/ #(end)?region/)
  })

  it('links pages by their whole address', () => {
    const relative = pages.flatMap(({ text }) => text.match(/\]\([^):]*?\.md[^)]*\)/g) ?? [])
    expect(relative.filter((link) => !link.startsWith('](../'))).toEqual([])
  })
})

describe('the head of a page', () => {
  it.each([
    ['errors.md', '/errors.html'],
    ['index.md', '/'],
    ['api/@nightlatch/core/index.md', '/api/@nightlatch/core/'],
  ])('of %s has the address that ends with %s', (page, path) => {
    const head = JSON.stringify(headOf(page, 'A', 'B'))
    expect(head).toMatch(new RegExp(`"rel":"canonical","href":"https://[^/"]+${path}"`))
    expect(head).toMatch(new RegExp(`"og:url","content":"https://[^/"]+${path}"`))
  })
})
