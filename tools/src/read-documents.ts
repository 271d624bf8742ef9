/** Reads Markdown documents: code blocks, links, headings and quoted names. */
import { readText, repositoryFiles } from './read-repository.ts'

export interface Document {
  readonly file: string
  /** The lines of the file, with those of code blocks empty. */
  readonly prose: readonly string[]
  readonly blocks: readonly CodeBlock[]
}

export interface CodeBlock {
  readonly file: string
  /** The line number of the opening fence. */
  readonly line: number
  readonly language: string
  /** Whether the block continues the previous one: a fence that opens with `ts continued`. */
  readonly isContinued: boolean
  /** The file whose content the block repeats: a fence that opens with `ts examples/a/src/b.ts`. */
  readonly shows: string | undefined
  readonly code: string
}

export function readDocuments(): readonly Document[] {
  return repositoryFiles()
    .filter((file) => file.endsWith('.md') && !/(^|\/)(CHANGELOG\.md$|\.changeset\/)/.test(file))
    .map((file) => readDocument(file, readText(file)))
}

export function readDocument(file: string, text: string): Document {
  const prose: string[] = []
  const blocks: CodeBlock[] = []
  let open: { fence: string; info: string; line: number; code: string[] } | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const [, fence, info] = /^\s*(`{3,})(.*)$/.exec(line) ?? []
    if (open === undefined && fence !== undefined) {
      open = { fence, info: info?.trim() ?? '', line: index + 1, code: [] }
    } else if (open !== undefined && fence === open.fence && info?.trim() === '') {
      const [language = '', ...words] = open.info.split(/\s+/)
      const isContinued = words.includes('continued')
      const shows = words.find((word) => word.includes('/'))
      blocks.push({ file, line: open.line, language, isContinued, shows, code: `${open.code.join('\n')}\n` })
      open = undefined
    } else if (open !== undefined) {
      open.code.push(line)
    }
    prose.push(open === undefined && fence === undefined ? line : '')
  }
  if (open !== undefined) throw new Error(`${file}:${open.line}: this code block is never closed`)
  return { file, prose, blocks }
}

export interface Place {
  readonly line: number
  readonly text: string
}

/** Targets of links and images, `[text](target)`. */
export function linksIn({ prose }: Document): readonly Place[] {
  return matches(
    prose.map((line) => line.replace(/`[^`]*`/g, '``')),
    /\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g,
  )
}

/** Files whose code a page of the site includes: lines such as `<<< ../examples/a/src/b.ts#region`. */
export function includesIn({ prose }: Document): readonly Place[] {
  return matches(prose, /^<<< (\S+?)(?:\{[^}]*\})?(?: \[[^\]]*\])?$/g)
}

/** Texts between backticks. */
export function quotesIn({ prose }: Document): readonly Place[] {
  return matches(prose, /`([^`]+)`/g)
}

/** The anchors that a site like GitHub gives to the headings. */
export function anchorsIn({ prose }: Document): ReadonlySet<string> {
  const anchors = new Set<string>()
  const counts = new Map<string, number>()
  for (const line of prose) {
    const [, title] = /^#{1,6}\s+(.*?)\s*#*$/.exec(line) ?? []
    if (title === undefined) continue
    const name = title
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
      .replace(/\s/g, '-')
    const count = counts.get(name) ?? 0
    counts.set(name, count + 1)
    anchors.add(count === 0 ? name : `${name}-${count}`)
  }
  return anchors
}

function matches(lines: readonly string[], pattern: RegExp): readonly Place[] {
  return lines.flatMap((line, index) => [...line.matchAll(pattern)].map(([, text = '']) => ({ line: index + 1, text })))
}
