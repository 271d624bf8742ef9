import { existsSync } from 'node:fs'
import { join } from 'node:path'
import MiniSearch from 'minisearch'
import { expect, it } from 'vitest'
import { indexOptions, searchOptions, sectionsOf } from '../.vitepress/search.ts'
import { keywords } from '../.vitepress/search-keywords.ts'
import { queries } from '../site/queries.ts'

const docs = join(import.meta.dirname, '..')
const anchor = (name: string): string => `<a class="header-anchor" href="#${name}" aria-label="x">&#8203;</a>`

it('keywords and expected pages belong to pages that exist', () => {
  const pages = [...Object.keys(keywords), ...Object.values(queries).flat()]
  expect(pages.filter((page) => !existsSync(join(docs, page)))).toEqual([])
})

it('a page is indexed by its sections, with words of neighbouring cells apart', () => {
  const html = `<h1 id="a" tabindex="-1"><code>A</code> &amp; B ${anchor('a')}</h1><p>One.</p><h2 id="c" tabindex="-1">C ${anchor('c')}</h2><table><tr><td>x</td><td>y</td></tr></table>`
  expect(sectionsOf('/docs/other.md', html)).toEqual([
    { anchor: 'a', titles: ['A & B'], text: 'One.' },
    { anchor: 'c', titles: ['A & B', 'C'], text: 'x y' },
  ])
  expect(sectionsOf('/docs/rules.md', html)).toEqual([])
})

it('codes and keywords come first, and pages of the inside last', () => {
  const index = new MiniSearch({ ...indexOptions, storeFields: ['title', 'titles'], searchOptions })
  const add = (id: string, title: string, text: string): void => index.add({ id, title, titles: [], text })
  add('/decisions.html#redis', 'Redis', 'redis redis redis')
  add('/guides/a.html#a', 'Share tokens', 'Over redis.\u001fvalkey')
  add('/core.html#client', 'An invalid value', 'A client that is invalid, an invalid client.')
  add('/errors.html#b', 'Errors', 'invalid_client')
  const first = (query: string): unknown => index.search(query)[0]?.id
  expect(first('redis')).toBe('/guides/a.html#a')
  expect(first('valkey')).toBe('/guides/a.html#a')
  expect(first('invalid_client')).toBe('/errors.html#b')
  expect(first('how to use the')).toBeUndefined()
})
