import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const docs = join(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(join(docs, file), 'utf8')

it('the picture of the states has each state that a token can be in, and no other', () => {
  const [, states = ''] = /type Freshness = (.*)/.exec(read('../packages/core/src/cache/freshness.ts')) ?? []
  const drawn = [...read('pictures/token-states.svg').matchAll(/class="state"[^>]*>([^<]*)</g)].map(([, name]) => name)
  expect(drawn.sort()).toEqual([...states.matchAll(/'([^']*)'/g)].map(([, name]) => name).sort())
})

describe.each(globSync('{.,pictures}/*.svg', { cwd: docs }).filter((file) => file !== 'demo.svg'))('%s', (file) => {
  const svg = read(file)

  it('has a name, a ground of its own, and colours for light and dark', () => {
    expect(svg).toMatch(/<title id="title">[^<]+<|aria-label="[^"]+"/)
    expect(svg).toMatch(/<rect class="ground"/)
    for (const scheme of ['light', 'dark']) {
      expect(svg).toContain(`svg:has(#${scheme}:target) { color-scheme: ${scheme} }`)
      expect(svg).toContain(`<g id="${scheme}"/>`)
    }
    const style = /<style>([\s\S]*?)<\/style>/.exec(svg)?.[1] ?? ''
    expect(style.replace(/light-dark\([^)]*\)/g, '')).not.toMatch(/#[\da-f]{3,8}\b/)
  })

  it('needs nothing from elsewhere', () => {
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|@import|<script|<image|data:/)
  })

  it('is used in a page', () => {
    const pages = globSync('*.md', { cwd: docs }).map(read)
    expect(pages.filter((page) => page.includes(`](${file.replace('-narrow', '')})`))).not.toEqual([])
  })
})

it('every picture of a page says in words what it shows', () => {
  const pictures = globSync('{.,providers,guides}/*.md', { cwd: docs }).flatMap((file) =>
    [...read(file).matchAll(/!\[([^\]]*)\]\(/g)].map(([, words = '']) => ({ file, words })),
  )
  expect(pictures.length).toBeGreaterThan(3)
  expect(pictures.filter(({ words }) => words.length < 20)).toEqual([])
})
