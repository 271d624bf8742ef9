/** Generates the declarations that are reachable from a package's index, as a user's compiler sees them. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isolatedDeclarationSync } from 'rolldown/experimental'
import { type Declarations, pruneDeclarations } from './prune-declarations.ts'

/** @returns declaration files by their path in the package's output folder, including `index.d.ts` */
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
  return pruneDeclarations(declarations, ['index.d.ts'])
}
