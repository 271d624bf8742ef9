/**
 * Keeps only the declarations reachable from a package's entries. Internal ones may import bundled development dependencies,
 * which a user cannot resolve.
 */
import { dirname, join } from 'node:path/posix'
import { declaredNames, everyNode, isNode, type Node, nameOf, parseModule } from './syntax.ts'

/** Declaration files by their path in the package's output folder. */
export type Declarations = ReadonlyMap<string, string>

export function pruneDeclarations(files: Declarations, entries: readonly string[]): Declarations {
  const modules = new Map([...files].map(([file, text]) => [file, { text, statements: parseModule(file, text) }]))
  const needed = new Map<string, Set<string>>()

  function need(file: string, name: string): void {
    const statements = modules.get(file)?.statements
    const names = needed.get(file) ?? new Set()
    if (statements === undefined || names.has(name)) return
    needed.set(file, names.add(name))
    for (const statement of statements) {
      for (const { from, names: origins } of bindingsOf(statement).filter(({ bound }) => bound === name)) {
        if (from !== undefined && !from.startsWith('.')) continue
        const target = from === undefined ? file : join(dirname(file), from).replace(/\.js$/, '.d.ts')
        for (const origin of origins) need(target, origin)
      }
    }
  }

  for (const entry of entries) {
    const bindings = modules.get(entry)?.statements.filter(isExport).flatMap(bindingsOf) ?? []
    for (const { bound } of bindings) need(entry, bound)
  }
  return new Map(
    [...modules]
      .filter(([file]) => needed.has(file))
      .map(([file, { text, statements }]) => [file, writeNeeded(text, statements, needed.get(file) ?? new Set())]),
  )
}

/** A name that a statement imports, exports or declares, and the names it depends on. */
interface Binding {
  readonly bound: string
  /** The module of those names; default the same module. */
  readonly from?: string
  readonly names: readonly string[]
}

function bindingsOf(statement: Node): readonly Binding[] {
  const from = isNode(statement.source) ? { from: String(statement.source.value) } : {}
  if (statement.type === 'ImportDeclaration') {
    return specifiersOf(statement).map((specifier) => ({
      bound: nameOf(specifier, 'local'),
      ...from,
      names: specifier.type === 'ImportSpecifier' ? [nameOf(specifier, 'imported')] : [],
    }))
  }
  if (isExport(statement) && !isNode(statement.declaration)) {
    return specifiersOf(statement).map((specifier) => ({
      bound: nameOf(specifier, 'exported'),
      ...from,
      names: [nameOf(specifier, 'local')],
    }))
  }
  const declaration = isNode(statement.declaration) ? statement.declaration : statement
  const identifiers = [...everyNode(declaration)].filter(({ type }) => type === 'Identifier')
  const names = identifiers.map(({ name }) => String(name))
  return declaredNames(declaration).map((bound) => ({ bound, names: names.filter((name) => name !== bound) }))
}

function isExport({ type }: Node): boolean {
  return type === 'ExportNamedDeclaration'
}

function specifiersOf(statement: Node): readonly Node[] {
  return Array.isArray(statement.specifiers) ? statement.specifiers : []
}

/** Writes the needed statements with their comments, and only the needed names of imports and re-exports. */
function writeNeeded(text: string, statements: readonly Node[], needed: ReadonlySet<string>): string {
  const kept = statements.map((statement, index) => {
    const [start, end] = [Number(statements[index - 1]?.end ?? 0), Number(statement.end)]
    const bindings = bindingsOf(statement)
    if (bindings.length > 0 && !bindings.some(({ bound }) => needed.has(bound))) return ''
    const specifiers = specifiersOf(statement)
    const chosen = specifiers.filter((_, at) => needed.has(bindings[at]?.bound ?? ''))
    if (chosen.length === specifiers.length) return text.slice(start, end)
    const names = chosen.map((specifier) => text.slice(Number(specifier.start), Number(specifier.end)))
    return `${text.slice(start, Number(specifiers[0]?.start))}${names.join(', ')}${text.slice(Number(specifiers.at(-1)?.end), end)}`
  })
  return `${kept.join('').trimStart()}\n`
}
