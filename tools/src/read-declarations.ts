/** Generates the declarations that are reachable from a package's entries, as a user's compiler sees them. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isolatedDeclarationSync } from 'rolldown/experimental'
import { type Declarations, pruneDeclarations } from './prune-declarations.ts'
import type { Manifest } from './read-repository.ts'

/** @returns declaration files by their path in the package's output folder, including those of its exports */
export function readDeclarations(folder: string): Declarations {
  const declarations = new Map(
    globSync('src/**/*.ts', { cwd: folder }).map((file) => {
      const { code, errors } = isolatedDeclarationSync(file, readFileSync(join(folder, file), 'utf8'), {
        sourcemap: false,
      })
      if (errors.length > 0) throw new Error(`${file}: ${errors.map((error) => error.message).join('; ')}`)
      const declaration = file
        .replaceAll('\\', '/')
        .replace(/^src\//, '')
        .replace(/\.ts$/, '.d.ts')
      return [declaration, code.replace(/(from\s+["']|import\(["'])(\.{1,2}\/[^"']+)\.ts(?=["'])/g, '$1$2.js')]
    }),
  )
  return pruneDeclarations(declarations, declaredEntries(folder))
}

/** The declarations that the package's exports name, from its output folder. */
function declaredEntries(folder: string): readonly string[] {
  const { exports }: Pick<Manifest, 'exports'> = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return Object.values(exports ?? {}).flatMap((entry) =>
    typeof entry === 'string' || entry.types === undefined ? [] : [entry.types.replace(/^\.\/dist\//, '')],
  )
}
