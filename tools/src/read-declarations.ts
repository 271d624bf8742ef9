/** The declarations of a package's sources, as far as its index leads to them: what a user's compiler sees. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isolatedDeclarationSync } from 'rolldown/experimental'
import { type Declarations, pruneDeclarations } from './prune-declarations.ts'

/** Declaration files by their path from the package's output folder, `index.d.ts` among them. */
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
