/**
 * Writes TypeScript as Biome formats it (two spaces, single quotes, no semicolons, 120 columns), and Markdown. A text
 * from outside gets into either only through one of the functions here, which escape it: the templates take nothing else.
 */
import { escapeUnits, escapeUnsafe, unsafe } from '../output/unsafe-characters.ts'

/** A piece of TypeScript. */
export class Code {
  readonly text: string
  /** Keeps other pieces with a text from passing for this one. */
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

/** Code with pieces of code in it; `undefined` leaves nothing behind. */
export function code(strings: TemplateStringsArray, ...pieces: readonly (Code | undefined)[]): Code {
  return new Code(fill(strings, pieces))
}

/** Markdown with pieces of Markdown in it; `undefined` leaves nothing behind. */
export function markdown(strings: TemplateStringsArray, ...pieces: readonly (Markdown | undefined)[]): Markdown {
  return new Markdown(fill(strings, pieces))
}

function fill(strings: TemplateStringsArray, pieces: readonly ({ readonly text: string } | undefined)[]): string {
  return strings.map((text, at) => `${text}${pieces[at]?.text ?? ''}`).join('')
}

/** Pieces of code, one after the other. */
export function joinCode(pieces: readonly Code[], separator: ', ' | '' | ' ?? ' = ''): Code {
  return new Code(pieces.map(({ text }) => text).join(separator))
}

/** Pieces of Markdown, one after the other. */
export function joinMarkdown(pieces: readonly Markdown[], separator: '\n' | '' = ''): Markdown {
  return new Markdown(pieces.map(({ text }) => text).join(separator))
}

/** A name as code. */
export function identifier(name: string): Code {
  if (!isName(name)) throw new TypeError('this is no name that code can have')
  return new Code(name)
}

/** A string literal, in the quotes that need fewer escapes. */
export function quote(text: string): Code {
  // What an editor does not show, or shows in another order, would make the code look other than it is.
  const escaped = JSON.stringify(text).slice(1, -1).replace(unsafe, escapeUnits)
  const count = (mark: string): number => text.split(mark).length - 1
  if (count("'") > count('"')) return new Code(`"${escaped}"`)
  return new Code(`'${escaped.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`)
}

/** A comment of one line, `/** ... *\/`; any text may stand in it. */
export function docComment(strings: TemplateStringsArray, ...texts: readonly string[]): Code {
  const text = strings.map((own, at) => `${own}${texts[at] ?? ''}`).join('')
  return new Code(`/** ${onOneLine(text).replaceAll('*/', '*\\/')} */`)
}

/** A comment to the end of the line; any text may stand in it. */
export function lineComment(strings: TemplateStringsArray, ...texts: readonly string[]): Code {
  return new Code(`// ${onOneLine(strings.map((own, at) => `${own}${texts[at] ?? ''}`).join(''))}`)
}

/** Inline code of Markdown, whatever stands in it. */
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

/** Of backticks. */
function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length))
}

/** Columns. */
const widest = 120

/** A value as a literal; objects take a line for each member. */
export function toSource(value: unknown, indent = ''): Code {
  if (value instanceof Code) return value
  if (typeof value === 'string') return quote(value)
  if (typeof value !== 'object' || value === null) return new Code(String(value))
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    const items = value.map((item) => toSource(item, inner).text)
    const line = `[${items.join(', ')}]`
    if (!line.includes('\n') && indent.length + line.length < widest - 20) return new Code(line)
    return new Code(`[\n${items.map((item) => `${inner}${item},\n`).join('')}${indent}]`)
  }
  const members = membersOf(value as Readonly<Record<string, unknown>>, inner).text
  return new Code(members === '' ? '{}' : `{\n${members}${indent}}`)
}

/** The members of an object, a line or more each; those that are `undefined` are left out. */
export function membersOf(members: Readonly<Record<string, unknown>>, indent: string): Code {
  const lines = Object.entries(members).map(([name, value]) => {
    if (value === undefined) return ''
    const key = toKey(name).text
    const isShorthand = value instanceof Code && value.text === name
    const source = toSource(value, indent).text
    if (isShorthand) return `${indent}${key},\n`
    const line = `${indent}${key}: ${source},\n`
    const isTooWide = !source.includes('\n') && line.length > widest + 1
    return isTooWide ? `${indent}${key}:\n${indent}  ${source},\n` : line
  })
  return new Code(lines.join(''))
}

/** The name of an object's member. */
export function toKey(name: string): Code {
  // As a plain key it would set the prototype.
  if (name === '__proto__') return new Code(`[${quote(name).text}]`)
  return isName(name) ? new Code(name) : quote(name)
}

/** An import of names, sorted; those in `types` are types. */
export function importLine(values: readonly string[], types: readonly string[], from: string): Code {
  const all = [...values.map((name) => ({ name, type: '' })), ...types.map((name) => ({ name, type: 'type ' }))]
  const sorted = all.sort((a, b) => (sortKey(a.name) < sortKey(b.name) ? -1 : 1))
  if (sorted.length === 0) return new Code('')
  const isTypesOnly = values.length === 0
  const names = sorted.map(({ name, type }) => `${isTypesOnly ? '' : type}${identifier(name).text}`)
  const head = `import ${isTypesOnly ? 'type ' : ''}{`
  const line = `${head} ${names.join(', ')} } from ${quote(from).text}\n`
  if (line.length <= widest + 1) return new Code(line)
  return new Code(`${head}\n${names.map((name) => `  ${name},\n`).join('')}} from ${quote(from).text}\n`)
}

/** Letter by letter, `A` before `a` before `B`. */
function sortKey(name: string): string {
  return [...name].map((letter) => `${letter.toLowerCase()}${letter === letter.toLowerCase() ? 1 : 0}`).join('')
}

function isName(text: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(text)
}

/** Whether a line is as wide as a formatter leaves it. */
export function fitsLine({ text }: Code): boolean {
  return text.length <= widest
}

/** A Markdown table, its columns aligned. */
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
