/** The prose that users read: pages, READMEs, docstrings, and the texts of the code such as messages and `--help`. */
import { parseSync } from 'rolldown/utils'
import { commentsIn } from '../read-comments.ts'
import { filesIn, publishedPackages, readText, repositoryFiles } from '../read-repository.ts'
import type { Prose } from './judge-prose.ts'

/** Pages without prose of our own, and why. */
const leftOut: Readonly<Record<string, string>> = {
  'docs/glossary.md': 'lists the phrases that the words replace',
  'docs/rules.md': 'is for contributors: its sentences are the titles of tests',
}

export function proseOfDocuments(): readonly Prose[] {
  return (
    repositoryFiles()
      .filter((file) => /^(README|SECURITY)\.md$|^docs\/.*\.md$|^packages\/[^/]+\/README\.md$/.test(file))
      .filter((file) => leftOut[file] === undefined)
      // Lines that include code from a file are no prose.
      .map((file) => ({ file, line: 1, text: readText(file).replace(/^<<< .*$/gm, '') }))
  )
}

/** The comments and the texts of all published packages. */
export function proseOfCode(): readonly Prose[] {
  return publishedPackages().flatMap(({ folder }) =>
    filesIn(`${folder}/src`, '**/*.ts').flatMap((name) => {
      const file = `${folder}/src/${name}`
      const source = readText(file)
      return [...proseOfComments(file, source), ...proseOfTexts(file, source)]
    }),
  )
}

/** Each paragraph, list item and tag of a comment by itself, so that one without a full stop does not run into the next. */
export function proseOfComments(file: string, source: string): readonly Prose[] {
  return commentsIn(file, source).map(({ line, text }) => ({
    file,
    line,
    text: text
      .replace(/```.*?```/g, '')
      .replace(/\{@link(?:code)? \S+ ([^}]+)\}/g, '$1')
      .replace(/\{@link(?:code)? ([^}]+)\}/g, '`$1`')
      .replace(/@(param|returns?|throws|see|example|default)\b/g, '\n\n')
      // An empty line of a comment is two spaces in its text.
      .replace(/ {2,}| (?=- )/g, '\n\n'),
  }))
}

interface CodeNode {
  readonly type: string
  readonly start: number
}

/** Strings and templates of at least four words. What a template inserts counts as one word. */
export function proseOfTexts(file: string, source: string): readonly Prose[] {
  const found: Prose[] = []
  const add = (start: number, text: string): void => {
    if (text.trim().split(/\s+/).length < 4 || isCode(text)) return
    // Each line of a help text stands by itself.
    found.push({ file, line: source.slice(0, start).split('\n').length, text: text.replace(/\n(?= )/g, '\n\n') })
  }
  visit(parseSync(file, source).program)
  return found

  function visit(value: unknown): void {
    if (Array.isArray(value)) for (const one of value) visit(one)
    else if (isNode(value)) {
      if (value.type === 'ImportDeclaration' || value.type.startsWith('TS')) return
      if (value.type === 'Literal' && typeof value.value === 'string') add(value.start, value.value)
      if (value.type === 'TemplateLiteral' && Array.isArray(value.quasis)) {
        const quasis = value.quasis as readonly { readonly value: { readonly cooked: string | null } }[]
        add(value.start, quasis.map((quasi) => quasi.value.cooked ?? '').join('`code`'))
      }
      for (const child of Object.values(value)) visit(child)
    }
  }
}

/** A shell script, or a list of words without a mark between them. */
function isCode(text: string): boolean {
  return /[{(]\s*\n/.test(text) || /^[a-z ]{100,}$/i.test(text)
}

function isNode(value: unknown): value is CodeNode & Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}
