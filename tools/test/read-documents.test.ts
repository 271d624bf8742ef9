import { describe, expect, it } from 'vitest'
import { anchorsIn, linksIn, quotesIn, readDocument } from '../src/read-documents.ts'

const FENCE = '`'.repeat(3)

describe('reading a document', () => {
  it('separates code from prose, with its line', () => {
    const text = ['# Title', `${FENCE}ts`, 'const a = 1', FENCE, 'between', `${FENCE}ts continued`, '# b', FENCE].join(
      '\n',
    )
    const { blocks, prose } = readDocument('a.md', text)
    expect(prose).toEqual(['# Title', '', '', '', 'between', '', '', ''])
    expect(blocks).toEqual([
      { file: 'a.md', line: 2, language: 'ts', isContinued: false, code: 'const a = 1\n' },
      { file: 'a.md', line: 6, language: 'ts', isContinued: true, code: '# b\n' },
    ])
  })

  it('knows which file a block shows', () => {
    const { blocks } = readDocument('a.md', [`${FENCE}ts examples/a/src/b.ts`, 'const a = 1', FENCE].join('\n'))
    expect(blocks).toMatchObject([{ language: 'ts', isContinued: false, shows: 'examples/a/src/b.ts' }])
  })

  it('reports a block that is never closed', () => {
    expect(() => readDocument('a.md', `text\n${FENCE}ts\n`)).toThrow('a.md:2: this code block is never closed')
  })

  it('finds links and quotes, with their lines', () => {
    const document = readDocument('a.md', 'see [a](b.md#c) and ![d](e.png "f")\nnot `[g](h)` and `docs/a.md`')
    expect(linksIn(document)).toEqual([
      { line: 1, text: 'b.md#c' },
      { line: 1, text: 'e.png' },
    ])
    expect(quotesIn(document)).toEqual([
      { line: 2, text: '[g](h)' },
      { line: 2, text: 'docs/a.md' },
    ])
  })

  it('names anchors as GitHub does', () => {
    const document = readDocument('a.md', '# A & B: `c_d`\n## What is it?\n## What is it?\n## See [e](f.md)')
    expect([...anchorsIn(document)]).toEqual(['a--b-c_d', 'what-is-it', 'what-is-it-1', 'see-e'])
  })
})
