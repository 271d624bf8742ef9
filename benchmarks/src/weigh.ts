/** Measures the code size of an import. */
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'

/** Bytes, minified and gzipped. */
export interface Weight {
  /** The initial chunks: the module and its static imports. */
  readonly atOnce: number
  /** The chunks of dynamic imports. */
  readonly later: number
}

/**
 * @param code a module's code, whose imports are resolved from this folder
 * @param nodeOptions only `--conditions=...` is used
 */
export async function weigh(code: string, nodeOptions: readonly string[] = []): Promise<Weight> {
  const entry = join(import.meta.dirname, 'weighed.js')
  const conditions = nodeOptions.flatMap((option) => /^--conditions=(.+)$/.exec(option)?.[1] ?? [])
  const bundle = await rolldown({
    input: entry,
    platform: 'node',
    logLevel: 'silent',
    resolve: { conditionNames: [...conditions, 'import', 'node', 'default'] },
    plugins: [
      { name: 'weighed', load: (id) => (id === entry ? code : null), resolveId: (id) => (id === entry ? id : null) },
    ],
  })
  const { output } = await bundle.generate({ format: 'esm', minify: true })
  await bundle.close()
  const chunks = new Map(output.flatMap((chunk) => (chunk.type === 'chunk' ? [[chunk.fileName, chunk] as const] : [])))
  const first = new Set<string>()
  const visit = (name: string): void => {
    if (first.has(name) || !chunks.has(name)) return
    first.add(name)
    for (const imported of chunks.get(name)?.imports ?? []) visit(imported)
  }
  for (const [name, { isEntry }] of chunks) if (isEntry) visit(name)
  let [atOnce, later] = [0, 0]
  for (const [name, { code }] of chunks) {
    const bytes = gzipSync(code, { level: 9 }).length
    if (first.has(name)) atOnce += bytes
    else later += bytes
  }
  return { atOnce, later }
}
