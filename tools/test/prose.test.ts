import { describe, expect, it } from 'vitest'
import { judgeProse, type Prose, wordsIn } from '../src/prose/judge-prose.ts'
import { proseOfCode, proseOfComments, proseOfDocuments, proseOfTexts } from '../src/prose/prose-sources.ts'
import { readDocument } from '../src/read-documents.ts'
import { readText, repositoryFiles } from '../src/read-repository.ts'

const judgeAll = async (all: readonly Prose[]): Promise<readonly string[]> =>
  (await Promise.all(all.map(judgeProse))).flat().map(({ file, line, message }) => `${file}:${line}: ${message}`)

describe('prose has short sentences, plain words and few passives: `pnpm tools prose` lists what to rewrite', () => {
  it('in comments, messages and texts of the command line', async () => {
    const prose = proseOfCode()
    expect(prose.length).toBeGreaterThan(1000)
    expect(await judgeAll(prose)).toEqual([])
  })

  it('in pages and READMEs', async () => {
    const prose = proseOfDocuments()
    expect(prose.length).toBeGreaterThan(50)
    expect(await judgeAll(prose)).toEqual([])
  })
})

describe('pages are short', () => {
  // Rules and decisions are for contributors, and the results of benchmarks are tables that a program writes.
  const leftOut = ['docs/rules.md', 'docs/decisions.md', 'docs/benchmark-results.md']
  const wordsOf = (file: string): number => wordsIn(readDocument(file, readText(file)).prose.join(' ')).length

  it('the README has at most 900 words', () => {
    expect(wordsOf('README.md')).toBeLessThanOrEqual(900)
  })

  it('all pages that a user reads have at most 35,000 words together', () => {
    const pages = repositoryFiles().filter((file) => /^docs\/.*\.md$/.test(file) && !leftOut.includes(file))
    const words = pages.map(wordsOf).reduce((sum, count) => sum + count, 0)
    expect(words).toBeGreaterThan(10_000)
    expect(words).toBeLessThanOrEqual(35_000)
  })
})

describe('the check of prose', () => {
  const judge = async (text: string): Promise<readonly string[]> => judgeAll([{ file: 'a.md', line: 1, text }])
  const words = (count: number): string => Array(count).fill('word').join(' ')

  it.each([
    ['# The refused token', 'a.md:1: "refused token" (write: rejected token)'],
    [
      'Text.\n\n- It fetches the\n  token, fetched ahead.',
      'a.md:4: "fetched ahead" (write: refresh, in the background)',
    ],
    ['| a |\n| - |\n| Whoever waits |', 'a.md:3: "Whoever" (write: name the caller, the client or the user)'],
    [`Short. ${words(31)}.`, 'a.md:1: "word word word word word word …" has 31 words (at most 30)'],
    [
      'It is sent, is not read and was never seen again.',
      'a.md:1: "It is sent, is not read …" has 3 passives (name who does it)',
    ],
  ])('finds %j', async (text, offence) => {
    expect(await judge(text)).toEqual([offence])
  })

  it.each([
    '`refused token`',
    '```\nrefused token\n```',
    `${words(30)}. ${words(30)} e.g. here`.replace('e.g. here', ''),
    `${words(20)}. nightlatch ${words(20)}.`,
    'The token is sent and read. It was cached.',
    '---\ndescription: whoever\n---\n\nText.',
    'Returns `undefined` if there is none.',
  ])('leaves %j', async (text) => {
    expect(await judge(text)).toEqual([])
  })

  it('reads each paragraph and tag of a comment by itself', () => {
    const [comment] = proseOfComments('a.ts', '/**\n * One\n * two.\n *\n * Three\n *\n * @param a four\n */')
    expect(comment?.text.split(/\s*\n\n\s*/)).toEqual(['One two.', 'Three', 'a four'])
  })

  it('reads strings and templates of the code, and no types, imports or scripts', () => {
    const source = `import 'a b c d'
      type A = 'one two three four'
      const a = 'one two three four'
      const b = \`one \${a} three four\`
      const c = 'one two'
      const d = 'if true; then {\\n echo one two }'`
    expect(proseOfTexts('a.ts', source).map(({ line, text }) => [line, text])).toEqual([
      [3, 'one two three four'],
      [4, 'one `code` three four'],
    ])
  })
})
