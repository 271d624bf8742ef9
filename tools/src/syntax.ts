/** Parses modules and walks their syntax trees. */
import { parseSync } from 'rolldown/utils'

export interface Node {
  readonly type: string
  readonly [field: string]: unknown
}

/** Returns the top-level statements; the extension of `fileName` selects the language. */
export function parseModule(fileName: string, text: string): readonly Node[] {
  const { program, errors } = parseSync(fileName, text)
  const [error] = errors
  if (error !== undefined) throw new Error(`${fileName}: ${error.message}`)
  return program.body as unknown as readonly Node[]
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

/** Yields a node and its descendants, except property names such as those of `a.b` and `{ b: 1 }`. */
export function* everyNode(value: unknown): Generator<Node> {
  if (Array.isArray(value)) {
    for (const item of value) yield* everyNode(item)
  } else if (isNode(value)) {
    yield value
    const label = value.computed === true ? undefined : labelOf(value.type)
    for (const [field, child] of Object.entries(value)) {
      if (field !== label) yield* everyNode(child)
    }
  }
}

/** The names that a declaration declares. */
export function declaredNames(declaration: Node): readonly string[] {
  if (declaration.type !== 'VariableDeclaration') return isNode(declaration.id) ? [String(declaration.id.name)] : []
  return (declaration.declarations as readonly Node[]).map(({ id }) => String((id as Node).name))
}

/** The name on one side of `import { a as b }` or `export { a as b }`. */
export function nameOf(specifier: Node, side: 'imported' | 'local' | 'exported'): string {
  const { name, value } = specifier[side] as Node
  return String(name ?? value)
}

function labelOf(type: string): string | undefined {
  if (type === 'MemberExpression') return 'property'
  return /Property|Method|Accessor/.test(type) ? 'key' : undefined
}
