/** Judges prose by the project's words, and by the length and the passives of its sentences. textlint reads the Markdown. */
import { TextlintKernel, type TextlintRuleModule } from '@textlint/kernel'
import markdownPlugin from '@textlint/textlint-plugin-markdown'
import { wordRules } from './word-list.ts'

/** Text to judge, from a document, a comment or a message. */
export interface Prose {
  readonly file: string
  /** The line of the file that the text begins on, counted from 1. */
  readonly line: number
  /** Markdown. */
  readonly text: string
}

export interface Offence {
  readonly file: string
  readonly line: number
  readonly message: string
}

const mostWords = 30

/** In a sentence. Two passives are common; three make the reader look for who does what. */
const mostPassives = 2

const passive =
  /\b(is|are|was|were|be|been|being)( (not|never|also|only|then|always|still|once|\w+ly))? (\w+ed|built|done|found|given|held|kept|known|lost|made|meant|put|read|seen|sent|set|shown|taken|thrown|told|written|drawn|got|paid|run|cut|split)\b/gi

interface MarkdownNode {
  readonly type: string
  readonly value?: string
  readonly alt?: string
  readonly children?: readonly MarkdownNode[]
  readonly loc: { readonly start: { readonly line: number } }
}

/** What is wrong with a text, in its order. */
export async function judgeProse({ file, line, text }: Prose): Promise<readonly Offence[]> {
  const found: Offence[] = []
  const judge: TextlintRuleModule = () => {
    const block = (node: unknown): void => {
      for (const one of judgeBlock(node as MarkdownNode)) found.push({ ...one, file, line: line + one.line - 1 })
    }
    return { Paragraph: block, Header: block, TableCell: block }
  }
  await new TextlintKernel().lintText(text, {
    ext: '.md',
    filePath: `${file}.md`,
    plugins: [{ pluginId: 'markdown', plugin: markdownPlugin.default ?? markdownPlugin }],
    rules: [{ ruleId: 'prose', rule: judge }],
  })
  return found
}

function judgeBlock(node: MarkdownNode): readonly Omit<Offence, 'file'>[] {
  const text = plainText(node)
  const at = (index: number): number => node.loc.start.line + (text.slice(0, index).match(/\n/g)?.length ?? 0)
  const words = wordRules.flatMap(({ write, not }) => {
    const match = not.exec(text.replaceAll('\n', ' '))
    return match === null ? [] : [{ line: at(match.index), message: `"${match[0]}" (write: ${write})` }]
  })
  const sentences = sentencesIn(text).flatMap(({ sentence, index }) => {
    const line = at(index)
    const start = `"${sentence.trim().split(/\s+/).slice(0, 6).join(' ')} …"`
    const length = wordsIn(sentence).length
    const passives = sentence.match(passive)?.length ?? 0
    return [
      ...(length > mostWords ? [{ line, message: `${start} has ${length} words (at most ${mostWords})` }] : []),
      ...(passives > mostPassives ? [{ line, message: `${start} has ${passives} passives (name who does it)` }] : []),
    ]
  })
  return [...words, ...sentences]
}

/** The sentences of a text. One may begin in lower case, since many names do. */
function sentencesIn(text: string): readonly { readonly sentence: string; readonly index: number }[] {
  const ends = [...text.matchAll(/(?<!\b(?:e\.g|i\.e|etc|vs|cf))[.!?]["”'’)*]*\s+/g)].map(
    ({ index, 0: { length } }) => index + length,
  )
  return [0, ...ends].map((start, number) => ({ sentence: text.slice(start, ends[number]), index: start }))
}

/** The words of a text; what stands between spaces and has a letter or a digit is one. */
export function wordsIn(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word))
}

/** The text that a reader sees, with inline code as the word `code`. Line breaks stay. */
function plainText({ type, value, alt, children }: MarkdownNode): string {
  if (type === 'Code') return 'code'
  if (type === 'Html') return ''
  if (type === 'Image') return alt ?? ''
  if (type === 'Break') return '\n'
  return value ?? children?.map(plainText).join('') ?? ''
}
