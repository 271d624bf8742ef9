import { describe, expect, it } from 'vitest'
import { filesIn, publishedPackages, readText } from '../src/read-repository.ts'

const PAGE = 'docs/rules.md'

/** The numbers that have a row and an anchor on the page. */
const rules = [...readText(PAGE).matchAll(/^\| <a id="([a-z]\d+)"><\/a>([A-Z]\d+) /gm)].map(([, anchor, rule]) => ({
  anchor,
  rule: rule ?? '',
}))
const known = new Set(rules.map(({ rule }) => rule))

const tests = publishedPackages().flatMap(({ folder }) => filesOf(folder, 'test/**/*.test.ts'))
const sources = publishedPackages().flatMap(({ folder }) => filesOf(folder, 'src/**/*.ts'))

describe('the rules', () => {
  it('have an anchor each, named like the rule', () => {
    expect(rules.length).toBeGreaterThan(40)
    expect(known.size).toBe(rules.length)
    expect(rules.filter(({ anchor, rule }) => anchor !== rule.toLowerCase())).toEqual([])
  })

  it('have a test each, whose title begins with the number', () => {
    const shown = new Set(tests.flatMap(({ text }) => numbersInTitles(text)))
    expect([...known].filter((rule) => !shown.has(rule))).toEqual([])
  })

  it('are the only ones that tests and comments cite', () => {
    const cited = [
      ...tests.flatMap(({ file, text }) => numbersInTitles(text).map((rule) => ({ file, rule }))),
      ...sources.flatMap(({ file, text }) => numbersInComments(text).map((rule) => ({ file, rule }))),
    ]
    expect(cited.length).toBeGreaterThan(known.size)
    expect(cited.filter(({ rule }) => !known.has(rule))).toEqual([])
  })

  it('are not cited on users’ pages', () => {
    const contributors = [PAGE, 'docs/decisions.md', 'CONTRIBUTING.md']
    const pages = [...filesIn('.', '*.md'), ...filesIn('.', 'docs/**/*.md'), ...filesIn('.', 'packages/*/README.md')]
    const cites = /\((?:rules? )?[GRLSHPX]\d{1,2}(?:, [GRLSHPX]\d{1,2})*\)|\brules? [GRLSHPX]\d{1,2}\b/
    const citing = pages
      .filter((page) => !contributors.includes(page) && !page.includes('node_modules'))
      .flatMap((page) =>
        readText(page)
          .split('\n')
          .map((line, index) => ({ at: `${page}:${index + 1}`, line })),
      )
      .filter(({ line }) => cites.test(line))
    expect(citing.map(({ at }) => at)).toEqual([])
  })
})

function filesOf(folder: string, pattern: string): readonly { readonly file: string; readonly text: string }[] {
  return filesIn(folder, pattern).map((file) => ({ file: `${folder}/${file}`, text: readText(`${folder}/${file}`) }))
}

/** `L3` and `L5` of a test called `'L3, L5: …'`. */
function numbersInTitles(text: string): readonly string[] {
  const titles = text.matchAll(/['"`]((?:[A-Z]\d{1,2}, )*[A-Z]\d{1,2}): /g)
  return [...titles].flatMap(([, numbers = '']) => numbers.split(', '))
}

/** `X1` and `X2` of a comment that ends with `(rules X1, X2)`. */
function numbersInComments(text: string): readonly string[] {
  return [...text.matchAll(/\brules? ((?:[A-Z]\d{1,2}(?:, | and )?)+)/g)].flatMap(
    ([, numbers = '']) => numbers.match(/[A-Z]\d{1,2}/g) ?? [],
  )
}
