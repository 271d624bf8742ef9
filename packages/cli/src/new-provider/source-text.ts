/** Writes TypeScript as Biome formats it: two spaces, single quotes, no semicolons, 120 columns. */

/** A piece of code, where a value would stand. */
export class Code {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Columns. */
export const widest = 120

/** A value as a literal; objects take a line for each member. */
function toSource(value: unknown, indent = ''): string {
  if (value instanceof Code) return value.text
  if (typeof value === 'string') return quote(value)
  if (typeof value !== 'object' || value === null) return String(value)
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    const items = value.map((item) => toSource(item, inner))
    const line = `[${items.join(', ')}]`
    if (!line.includes('\n') && indent.length + line.length < widest - 20) return line
    return `[\n${items.map((item) => `${inner}${item},\n`).join('')}${indent}]`
  }
  const members = membersOf(value as Readonly<Record<string, unknown>>, inner)
  return members.length === 0 ? '{}' : `{\n${members.join('')}${indent}}`
}

/** The members of an object, a line or more each; those that are `undefined` are left out. */
export function membersOf(members: Readonly<Record<string, unknown>>, indent: string): readonly string[] {
  return Object.entries(members).flatMap(([name, value]) => {
    if (value === undefined) return []
    const key = isName(name) ? name : quote(name)
    const isShorthand = value instanceof Code && value.text === name
    const source = toSource(value, indent)
    if (isShorthand) return [`${indent}${key},\n`]
    const line = `${indent}${key}: ${source},\n`
    const isTooWide = !source.includes('\n') && line.length > widest + 1
    return [isTooWide ? `${indent}${key}:\n${indent}  ${source},\n` : line]
  })
}

/** A string literal, in the quotes that need fewer escapes. */
export function quote(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1)
  const count = (mark: string): number => text.split(mark).length - 1
  if (count("'") > count('"')) return `"${escaped}"`
  return `'${escaped.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

/** An import of names, sorted; those in `types` are types. */
export function importLine(values: readonly string[], types: readonly string[], from: string): string {
  const all = [...values.map((name) => ({ name, type: '' })), ...types.map((name) => ({ name, type: 'type ' }))]
  const sorted = all.sort((a, b) => (sortKey(a.name) < sortKey(b.name) ? -1 : 1))
  if (sorted.length === 0) return ''
  const isTypesOnly = values.length === 0
  const names = sorted.map(({ name, type }) => (isTypesOnly ? name : `${type}${name}`))
  const head = `import ${isTypesOnly ? 'type ' : ''}{`
  const line = `${head} ${names.join(', ')} } from ${quote(from)}\n`
  if (line.length <= widest + 1) return line
  return `${head}\n${names.map((name) => `  ${name},\n`).join('')}} from ${quote(from)}\n`
}

/** Letter by letter, `A` before `a` before `B`. */
function sortKey(name: string): string {
  return [...name].map((letter) => `${letter.toLowerCase()}${letter === letter.toLowerCase() ? 1 : 0}`).join('')
}

function isName(text: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(text)
}

/** A Markdown table, its columns aligned. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows]
  const widths = head.map((_, column) => Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)))
  const write = (line: readonly string[]): string =>
    `| ${widths.map((width, column) => (line[column] ?? '').padEnd(width)).join(' | ')} |\n`
  return `${write(head)}| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |\n${rows.map(write).join('')}`
}
