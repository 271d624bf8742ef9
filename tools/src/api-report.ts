/**
 * Writes a package's public types as one text: exported declarations by name, then the types that they use. Comments and file
 * names are left out, so that the text changes only when the public API changes.
 */
import { createHash } from 'node:crypto'
import type { Declarations } from './prune-declarations.ts'
import { declaredNames, isNode, type Node, nameOf, parseModule } from './syntax.ts'

/** The last released version and a digest of its types. */
interface Release {
  readonly version: string
  readonly digest: string
}

export interface ApiReport {
  readonly types: string
  /** `undefined` if no version was released. */
  readonly release: Release | undefined
}

interface Declared {
  readonly name: string
  readonly isExported: boolean
  readonly text: string
}

/** @param declarations the declarations reachable from the entries, from `readDeclarations`; entries only re-export */
export function publicTypes(declarations: Declarations): string {
  const modules = [...declarations].map(([file, text]) => ({ file, text, statements: parseModule(file, text) }))
  const reExports = modules
    .filter(({ statements }) => statements.every(isReExport))
    .flatMap(({ statements }) => statements.flatMap(specifiersOf))
  const exported = new Set(reExports.map((specifier) => nameOf(specifier, 'local')))
  const declared = modules.flatMap(({ text, statements }) =>
    statements
      .filter((statement) => !isReExport(statement))
      .flatMap((statement) => declaredBy(statement, text, exported)),
  )
  const imports = modules.flatMap(({ text, statements }) =>
    statements.filter(isImportOfPackage).map((statement) => textOf(statement, text)),
  )
  const renamed = reExports
    .map((specifier) => [nameOf(specifier, 'local'), nameOf(specifier, 'exported')] as const)
    .filter(([local, name]) => local !== name)
    .map(([local, name]) => `export { ${local} as ${name} }`)
  const [exportedTypes, internalTypes] = [true, false].map((isExported) =>
    declared.filter((one) => one.isExported === isExported).sort(byName),
  )
  return [
    ...[...new Set([...imports, ...renamed])].sort(),
    ...(exportedTypes ?? []).map(({ text }) => text),
    ...new Set((internalTypes ?? []).map(({ text }) => text)),
  ].join('\n\n')
}

export function digestOf(types: string): string {
  return createHash('sha256').update(types).digest('hex').slice(0, 16)
}

export function writeReport(name: string, { types, release }: ApiReport): string {
  const since = release === undefined ? 'never' : `${release.version} ${release.digest}`
  return `// The public types of ${name}. Written by \`npx -y pnpm@12 tools api\`; a change of them comes with a changeset.\n// Released: ${since}\n\n${types}\n`
}

export function readReport(text: string): ApiReport {
  const [, version, digest] = /^\/\/ Released: (\S+)(?: (\S+))?$/m.exec(text) ?? []
  const types = text.split('\n').slice(3).join('\n').trimEnd()
  return { types, release: version === undefined || digest === undefined ? undefined : { version, digest } }
}

/** Whether the types differ from the last release. */
export function isUnreleased({ types, release }: ApiReport): boolean {
  return release?.digest !== digestOf(types)
}

function declaredBy(statement: Node, text: string, exported: ReadonlySet<string>): readonly Declared[] {
  if (statement.type === 'ImportDeclaration') return []
  const declaration = isNode(statement.declaration) ? statement.declaration : statement
  const [name] = declaredNames(declaration)
  if (name === undefined) return []
  const plain = textOf(statement, text).replace(/^(export )?(declare )?/, '')
  // A local name may equal an exported name of another file.
  const isExported = exported.has(name) && isNode(statement.declaration)
  return [{ name, isExported, text: isExported ? `export ${plain}` : plain }]
}

function byName(one: Declared, other: Declared): number {
  const order = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)
  return order(one.name, other.name) || order(one.text, other.text)
}

/** The statement's text without comments; strings that look like comments are kept. */
function textOf(statement: Node, text: string): string {
  return text
    .slice(Number(statement.start), Number(statement.end))
    .replace(/("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\//g, '$1')
    .replace(/^\t+/gm, (tabs) => '  '.repeat(tabs.length))
    .replace(/\n(\s*\n)+/g, '\n')
    .replace(/[ \t]+$/gm, '')
}

function isReExport(statement: Node): boolean {
  return statement.type === 'ExportNamedDeclaration' && !isNode(statement.declaration)
}

function isImportOfPackage(statement: Node): boolean {
  return (
    statement.type === 'ImportDeclaration' &&
    isNode(statement.source) &&
    !String(statement.source.value).startsWith('.')
  )
}

function specifiersOf(statement: Node): readonly Node[] {
  return Array.isArray(statement.specifiers) ? statement.specifiers : []
}
