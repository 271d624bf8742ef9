/** Summarizes a module: its imports, exports, top-level state and identifiers. */
import { declaredNames, everyNode, isNode, type Node, parseModule } from './syntax.ts'

export interface ModuleSummary {
  /** Specifiers of all imports and re-exports, of values and types. */
  readonly imports: readonly string[]
  readonly values: readonly string[]
  readonly types: readonly string[]
  readonly hasDefaultExport: boolean
  readonly hasStarExport: boolean
  /** Top-level names of mutable values: `let`, `var`, a Map, a Set. */
  readonly state: readonly string[]
  /** Whether the module contains only types. */
  readonly isTypesOnly: boolean
  /** Identifiers without property names, such as the `name` of `object.name`. */
  readonly identifiers: ReadonlySet<string>
}

export function readModule(fileName: string, text: string): ModuleSummary {
  const statements = parseModule(fileName, text)

  const imports = new Set<string>()
  const identifiers = new Set<string>()
  for (const node of everyNode(statements)) {
    if (node.type === 'Identifier') identifiers.add(String(node.name))
    for (const specifier of specifiersOf(node)) imports.add(specifier)
  }

  const exported = statements.filter(({ type }) => type === 'ExportNamedDeclaration').flatMap(exportedNames)
  return {
    imports: [...imports],
    values: exported.filter(({ isType }) => !isType).map(({ name }) => name),
    types: exported.filter(({ isType }) => isType).map(({ name }) => name),
    hasDefaultExport:
      statements.some(({ type }) => type === 'ExportDefaultDeclaration') ||
      exported.some(({ name }) => name === 'default'),
    hasStarExport: statements.some(({ type }) => type === 'ExportAllDeclaration'),
    state: statements.flatMap(mutableNames),
    isTypesOnly: statements.every(isTypeStatement),
    identifiers,
  }
}

function specifiersOf(node: Node): readonly string[] {
  const isImport = /^(ImportDeclaration|ImportExpression|ExportNamedDeclaration|ExportAllDeclaration|TSImportType)$/
  if (!isImport.test(node.type) || !isNode(node.source)) return []
  return typeof node.source.value === 'string' ? [node.source.value] : []
}

function exportedNames(statement: Node): readonly { readonly name: string; readonly isType: boolean }[] {
  if (isNode(statement.declaration)) {
    const isType = isTypeStatement(statement.declaration)
    return declaredNames(statement.declaration).map((name) => ({ name, isType }))
  }
  return (statement.specifiers as readonly Node[]).map((specifier) => {
    const { name, value } = specifier.exported as Node
    return { name: String(name ?? value), isType: statement.exportKind === 'type' || specifier.exportKind === 'type' }
  })
}

function mutableNames(statement: Node): readonly string[] {
  const declaration = isNode(statement.declaration) ? statement.declaration : statement
  if (declaration.type !== 'VariableDeclaration') return []
  if (declaration.kind !== 'const') return declaredNames(declaration)
  return (declaration.declarations as readonly Node[])
    .filter(({ init }) => isNode(init) && init.type === 'NewExpression' && isNode(init.callee))
    .filter(({ init, id }) => isCollection((init as Node).callee as Node) && !isReadonly(id as Node))
    .map(({ id }) => String((id as Node).name))
}

function isCollection(callee: Node): boolean {
  return /^(Map|Set|WeakMap|WeakSet)$/.test(String(callee.name))
}

/** Whether a name is declared as `ReadonlyMap` or `ReadonlySet`, and so is a constant table. */
function isReadonly(id: Node): boolean {
  const annotation = isNode(id.typeAnnotation) ? id.typeAnnotation.typeAnnotation : undefined
  return isNode(annotation) && isNode(annotation.typeName) && /^Readonly/.test(String(annotation.typeName.name))
}

function isTypeStatement(statement: Node): boolean {
  if (/^(TSInterfaceDeclaration|TSTypeAliasDeclaration)$/.test(statement.type)) return true
  if (statement.type === 'ImportDeclaration') return statement.importKind === 'type'
  if (statement.type !== 'ExportNamedDeclaration') return false
  return statement.exportKind === 'type' || (isNode(statement.declaration) && isTypeStatement(statement.declaration))
}
