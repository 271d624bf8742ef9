/** Reads the comments of a module, and the examples in its docstrings. */
import { parseSync } from 'rolldown/utils'
import type { CodeBlock } from './read-documents.ts'

export interface Comment {
  /** The first line of the comment in its file, counted from 1. */
  readonly line: number
  /** The text on one line, without the marks of a comment. Adjacent `//` comments are one comment. */
  readonly text: string
}

/** The comments of a module, in order. */
export function commentsIn(fileName: string, source: string): readonly Comment[] {
  const found: { line: number; text: string; end: number | undefined }[] = []
  for (const { type, value, start, end } of parseSync(fileName, source).comments) {
    const isLine = type === 'Line'
    const text = value
      .split('\n')
      .map((line) => line.replace(/^\s*\*+/, '').trim())
      .join(' ')
      .trim()
    const last = found.at(-1)
    if (isLine && last?.end !== undefined && /^\n?[ \t]*$/.test(source.slice(last.end, start))) {
      last.text += ` ${text}`
      last.end = end
    } else found.push({ line: source.slice(0, start).split('\n').length, text, end: isLine ? end : undefined })
  }
  return found.map(({ line, text }) => ({ line, text }))
}

/** The TypeScript examples in the docstrings of a module. */
export function examplesIn(file: string, source: string): readonly CodeBlock[] {
  const lines = source.split('\n')
  const blocks: CodeBlock[] = []
  for (const [index, line] of lines.entries()) {
    if (line.trim() !== '* ```ts') continue
    const length = lines.slice(index + 1).findIndex((one) => one.trim() === '* ```')
    const code = lines.slice(index + 1, index + 1 + length).map((one) => `${one.replace(/^\s*\* ?/, '')}\n`)
    blocks.push({ file, line: index + 1, language: 'ts', isContinued: false, shows: undefined, code: code.join('') })
  }
  return blocks
}
