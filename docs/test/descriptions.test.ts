import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { descriptionOf, longestDescription, shortestDescription } from '../.vitepress/descriptions.ts'

const docs = join(import.meta.dirname, '..')
const pages = globSync('**/*.md', {
  cwd: docs,
  exclude: (name) => /(^|\/)(node_modules|api|\.vitepress)$/.test(String(name)),
}).map((file) => ({ file, description: descriptionOf(file, readFileSync(join(docs, file), 'utf8')) }))

describe('the description of each page', () => {
  it(`has ${shortestDescription} to ${longestDescription} characters`, () => {
    const wrong = pages.filter(
      ({ description: { length } }) => length > longestDescription || length < shortestDescription,
    )
    expect(wrong).toEqual([])
  })

  it('is that of no other page', () => {
    const all = pages.map(({ description }) => description)
    expect(pages.filter(({ description }, index) => all.indexOf(description) !== index)).toEqual([])
    expect(all.length).toBeGreaterThan(30)
  })
})

describe('a description', () => {
  const long = `${'A sentence of some forty characters here. '.repeat(3)}${'And more. '.repeat(20)}`

  it.each([
    ['the front matter’s', '---\ndescription: "What it says."\n---\n\n# A\n\nText.', 'What it says.'],
    [
      'the first paragraph',
      '# A\n\n```ts\nconst a = 1\n```\n\nA [link](b.md) and `code`.\n\nMore.',
      'A link and code.',
    ],
    [
      'whole sentences',
      `# A\n\n${long}`,
      `${'A sentence of some forty characters here. '.repeat(3)}And more. And more. And more.`,
    ],
  ])('is %s', (_, source, description) => {
    expect(descriptionOf('a.md', source)).toBe(description)
  })

  it('of a page of the reference begins with its name and its package', () => {
    const source = '# Function: of()\n\n```ts\nfunction of(): void\n```\n\nDoes it.'
    expect(descriptionOf('api/@a/b/functions/of.md', source)).toBe('of of @a/b. Does it.')
    expect(descriptionOf('api/@a/b/index.md', '# @a/b')).toContain('@a/b')
  })
})
