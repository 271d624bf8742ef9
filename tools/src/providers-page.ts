/** The generated parts of the documents about `@nightlatch/providers`: a table of vendors, and one of options. */
import { loadPreset, type Preset } from '@nightlatch/providers/presets'
import { endpoints } from '../../packages/providers/test/endpoints.ts'
import { readText } from './read-repository.ts'

/** The documents with a generated table, from the repository's root, and the name of its markers. */
export const generatedTables: Readonly<Record<string, 'vendors' | 'options'>> = {
  'docs/providers.md': 'vendors',
  'packages/providers/README.md': 'options',
}

/** Returns the text of a document with its table written anew. */
export async function renderDocument(file: string, text: string): Promise<string> {
  const name = generatedTables[file] ?? ''
  const presets = await Promise.all(endpoints.map((endpoint) => loadPreset(endpoint.name)))
  const table = name === 'vendors' ? vendorsTable(presets) : optionsTable(presets)
  const [before, after] = [`<!-- ${name}: written by \`pnpm tools endpoints\` -->\n`, `<!-- ${name}: end -->`]
  const [start, end] = [text.indexOf(before), text.indexOf(after)]
  if (start < 0 || end < start) throw new Error(`${file} has no markers for the table of ${name}.`)
  return `${text.slice(0, start + before.length)}\n${table}\n\n${text.slice(end)}`
}

function vendorsTable(presets: readonly Preset[]): string {
  const rows = endpoints.map(({ name, title, authentication, odd }, index) => {
    const { page = '', checked = '', answer = '' } = presets[index]?.facts ?? {}
    return [`\`${name}\``, `[${title}](${page})`, authentication, odd, answer, checked]
  })
  return layTable([['name', 'vendor and its page', 'credentials', 'what differs', 'response', 'read on'], ...rows])
}

function optionsTable(presets: readonly Preset[]): string {
  const rows = presets.map(({ name, title, options }) => {
    const names = Object.entries(options).map(([option, { required }]) => (required ? option : `${option}?`))
    return [`\`${functionOf(name)}(${names.length === 0 ? '' : `{ ${names.join(', ')} }`})\``, `\`${name}\``, title]
  })
  return layTable([['function and options', 'subpath', 'vendor'], ...rows])
}

function functionOf(name: string): string {
  return /^export function (\w+)/m.exec(readText(`packages/providers/src/${name}.ts`))?.[1] ?? name
}

/** Columns of one width, like a formatter's. */
function layTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')
}
