/** Plans which modules of a package are built into one file. */
import { basename } from 'node:path'

/** A module's imports, as Rolldown reports them. */
export interface ModuleImports {
  readonly importedIds: readonly string[]
  readonly dynamicallyImportedIds: readonly string[]
}

/** The file with all that entries import statically. */
const main = 'main'

/**
 * All that the entries import statically is one file, and each dynamic import is one with what is not in a file yet, the largest
 * first. So a program loads few files, whichever parts of the package it uses. A dynamic import that another one imports statically
 * comes before that one, so that it does not bring the other one along. The entries themselves stay alone, because a file that
 * others import from has more exports than its module. JSON stays with the module that imports it.
 *
 * @param entries ids of modules
 * @returns names of files by the ids of modules; empty if nothing is imported dynamically
 */
export function planChunks(
  entries: readonly string[],
  importsOf: (id: string) => ModuleImports | null,
): ReadonlyMap<string, string> {
  const chunks = new Map<string, string>()
  const reach = (id: string, reached: Set<string>): ReadonlySet<string> => {
    const imports = importsOf(id)
    if (imports === null || reached.has(id)) return reached
    reached.add(id)
    for (const imported of imports.importedIds) reach(imported, reached)
    return reached
  }
  const claim = (id: string, chunk: string): void => {
    for (const module of reach(id, new Set())) if (!chunks.has(module)) chunks.set(module, chunk)
  }
  for (const entry of entries) claim(entry, main)
  const staticCount = chunks.size
  for (;;) {
    const loaded = [...chunks.keys()].flatMap((id) => importsOf(id)?.dynamicallyImportedIds ?? [])
    const waiting = loaded.filter((id) => !chunks.has(id) && importsOf(id) !== null)
    const [largest] = waiting
      .filter((id) => !waiting.some((other) => other !== id && reach(id, new Set()).has(other)))
      .sort((a, b) => reach(b, new Set()).size - reach(a, new Set()).size)
    if (largest === undefined) break
    claim(largest, basename(largest, '.ts'))
  }
  if (chunks.size === staticCount) return new Map()
  for (const id of chunks.keys()) if (entries.includes(id) || id.endsWith('.json')) chunks.delete(id)
  return chunks
}
