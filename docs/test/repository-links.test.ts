import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { repositoryUrl as host } from '../../tools/src/project.ts'
import { siteLink } from '../.vitepress/repository-links.ts'

const docs = join(import.meta.dirname, '..')

describe('a link of a document', () => {
  it.each([
    ['errors.md', 'core.md', '/errors.md'],
    ['errors.md#timed_out', 'core.md', '/errors.md#timed_out'],
    ['../core.md', 'providers/prevu3d.md', '/core.md'],
    ['README.md', 'core.md', '/contents.md'],
    ['../SECURITY.md', 'core.md', '/security.md'],
    ['../SECURITY.md#supported-versions', 'core.md', '/security.md#supported-versions'],
    ['../CONTRIBUTING.md', 'README.md', `${host}/blob/main/CONTRIBUTING.md`],
    ['../packages/core/src/cache/freshness.ts', 'core.md', `${host}/blob/main/packages/core/src/cache/freshness.ts`],
    ['../packages/testing/README.md#faults', 'testing.md', `${host}/blob/main/packages/testing/README.md#faults`],
    ['../examples/http-clients', 'http-clients.md', `${host}/tree/main/examples/http-clients`],
  ])('%s, of %s, leads to %s', (href, page, expected) => {
    expect(siteLink(href, join(docs, page))).toBe(expected)
  })

  it.each(['https://example.com/a.md', 'mailto:a@example.com', '#here', '/api/index.md'])('%s stays', (href) => {
    expect(siteLink(href, join(docs, 'core.md'))).toBe(href)
  })

  it('that leads nowhere stays, for VitePress to say so', () => {
    expect(siteLink('nowhere.md', join(docs, 'core.md'))).toBe('nowhere.md')
  })

  it('starts from the folder of the file that a page holds', () => {
    expect(siteLink('docs/core.md#stores', join(docs, 'security.md'))).toBe('/core.md#stores')
  })

  it('to the file that its own page holds leads to the file', () => {
    expect(siteLink('../SECURITY.md', join(docs, 'security.md'))).toBe(`${host}/blob/main/SECURITY.md`)
  })
})
