/**
 * Writes Markdown, and TypeScript in Biome's format (two spaces, single quotes, no semicolons, 120 columns). Text from
 * outside must pass one of these functions, which escape it; the templates accept nothing else.
 */
import { escapeUnits, escapeUnsafe, unsafe } from '../output/unsafe-characters.ts'

/** A piece of TypeScript. */
export class Code {
  readonly text: string
  /** Distinguishes this type from other types with a `text`. */
  readonly kind = 'code'

  constructor(text: string) {
    this.text = text
  }
}

/** A piece of Markdown. */
export class Markdown {
  readonly text: string
  readonly kind = 'markdown'

  constructor(text: string) {
    this.text = text
  }
}

/** A template of code; an `undefined` piece is omitted. */
export function code(strings: TemplateStringsArray, ...pieces: readonly (Code | undefined)[]): Code {
  return new Code(fill(strings, pieces))
}

/** A template of Markdown; an `undefined` piece is omitted. */
export function markdown(strings: TemplateStringsArray, ...pieces: readonly (Markdown | undefined)[]): Markdown {
  return new Markdown(fill(strings, pieces))
}

function fill(strings: TemplateStringsArray, pieces: readonly ({ readonly text: string } | undefined)[]): string {
  return strings.map((text, at) => `${text}${pieces[at]?.text ?? ''}`).join('')
}

/** Joins pieces of code. */
export function joinCode(pieces: readonly Code[], separator: ', ' | '' | ' ?? ' = ''): Code {
  return new Code(pieces.map(({ text }) => text).join(separator))
}

/** Joins pieces of Markdown. */
export function joinMarkdown(pieces: readonly Markdown[], separator: '\n' | '' = ''): Markdown {
  return new Markdown(pieces.map(({ text }) => text).join(separator))
}

/** A name as code. */
export function identifier(name: string): Code {
  if (!isName(name)) throw new TypeError('this is not a valid identifier')
  return new Code(name)
}

/** A string literal, in the quotes that need fewer escapes. */
export function quote(text: string): Code {
  // Characters that an editor hides or reorders would disguise the code, so they are escaped.
  const escaped = JSON.stringify(text).slice(1, -1).replace(unsafe, escapeUnits)
  const count = (mark: string): number => text.split(mark).length - 1
  if (count("'") > count('"')) return new Code(`"${escaped}"`)
  return new Code(`'${escaped.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`)
}

/** A doc comment of one line, with any text. */
export function docComment(strings: TemplateStringsArray, ...texts: readonly string[]): Code {
  const text = strings.map((own, at) => `${own}${texts[at] ?? ''}`).join('')
  return new Code(`/** ${onOneLine(text).replaceAll('*/', '*\\/')} */`)
}

/** A line comment, with any text. */
export function lineComment(strings: TemplateStringsArray, ...texts: readonly string[]): Code {
  return new Code(`// ${onOneLine(strings.map((own, at) => `${own}${texts[at] ?? ''}`).join(''))}`)
}

/** Inline code in Markdown, with any text. */
export function codeSpan(text: string): Markdown {
  const shown = onOneLine(text)
  const fence = '`'.repeat(longestRun(shown) + 1)
  const pad = shown.startsWith('`') || shown.endsWith('`') ? ' ' : ''
  return new Markdown(`${fence}${pad}${shown}${pad}${fence}`)
}

/** A block of code in Markdown. */
export function codeBlock(language: 'ts' | 'http' | 'sh', text: string): Markdown {
  const shown = escapeUnsafe(text)
  const fence = '`'.repeat(Math.max(3, longestRun(shown) + 1))
  return new Markdown(`${fence}${language}\n${shown}\n${fence}\n`)
}

function onOneLine(text: string): string {
  return escapeUnsafe(text.replace(/\s+/g, ' '))
}

/** The length of the longest run of backticks. */
function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length))
}

/** The line width in columns. */
const maxWidth = 120

/** A value as a literal, with one line for each member of an object. */
export function toSource(value: unknown, indent = ''): Code {
  if (value instanceof Code) return value
  if (typeof value === 'string') return quote(value)
  if (typeof value !== 'object' || value === null) return new Code(String(value))
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    const items = value.map((item) => toSource(item, inner).text)
    const line = `[${items.join(', ')}]`
    if (!line.includes('\n') && indent.length + line.length < maxWidth - 20) return new Code(line)
    return new Code(`[\n${items.map((item) => `${inner}${item},\n`).join('')}${indent}]`)
  }
  const members = membersOf(value as Readonly<Record<string, unknown>>, inner).text
  return new Code(members === '' ? '{}' : `{\n${members}${indent}}`)
}

/** The members of an object, each on its own line; `undefined` members are omitted. */
export function membersOf(members: Readonly<Record<string, unknown>>, indent: string): Code {
  const lines = Object.entries(members).map(([name, value]) => {
    if (value === undefined) return ''
    const key = toKey(name).text
    const isShorthand = value instanceof Code && value.text === name
    const source = toSource(value, indent).text
    if (isShorthand) return `${indent}${key},\n`
    const line = `${indent}${key}: ${source},\n`
    const isTooWide = !source.includes('\n') && line.length > maxWidth + 1
    return isTooWide ? `${indent}${key}:\n${indent}  ${source},\n` : line
  })
  return new Code(lines.join(''))
}

/** The name of an object's member. */
export function toKey(name: string): Code {
  // A plain key would set the prototype.
  if (name === '__proto__') return new Code(`[${quote(name).text}]`)
  return isName(name) ? new Code(name) : quote(name)
}

/** An import declaration with sorted names. */
export function importLine(values: readonly string[], types: readonly string[], from: string): Code {
  const all = [...values.map((name) => ({ name, type: '' })), ...types.map((name) => ({ name, type: 'type ' }))]
  const sorted = all.sort((a, b) => (sortKey(a.name) < sortKey(b.name) ? -1 : 1))
  if (sorted.length === 0) return new Code('')
  const isTypesOnly = values.length === 0
  const names = sorted.map(({ name, type }) => `${isTypesOnly ? '' : type}${identifier(name).text}`)
  const head = `import ${isTypesOnly ? 'type ' : ''}{`
  const line = `${head} ${names.join(', ')} } from ${quote(from).text}\n`
  if (line.length <= maxWidth + 1) return new Code(line)
  return new Code(`${head}\n${names.map((name) => `  ${name},\n`).join('')}} from ${quote(from).text}\n`)
}

/** Sorts `A` before `a` before `B`. */
function sortKey(name: string): string {
  return [...name].map((letter) => `${letter.toLowerCase()}${letter === letter.toLowerCase() ? 1 : 0}`).join('')
}

function isName(text: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(text)
}

/** A Markdown table with aligned columns. */
export function table(head: readonly Markdown[], rows: readonly (readonly Markdown[])[]): Markdown {
  const lines = [head, ...rows].map((line) => line.map(({ text }) => text.replaceAll('|', '\\|')))
  const widths = head.map((_, column) => Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)))
  const write = (line: readonly string[]): string =>
    `| ${widths.map((width, column) => (line[column] ?? '').padEnd(width)).join(' | ')} |\n`
  const [titles = [], ...cells] = lines
  return new Markdown(
    `${write(titles)}| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |\n${cells.map(write).join('')}`,
  )
}
