/** Builds the adapters as JavaScript, so that start-up times include no type stripping. */
import { join } from 'node:path'
import { rolldown } from 'rolldown'

/** Inside the package, so that imports resolve; not committed. */
export const builtFolder: string = join(import.meta.dirname, '../.built')

export async function buildAdapters(): Promise<void> {
  const bundle = await rolldown({
    input: join(import.meta.dirname, 'first-answer.ts'),
    platform: 'node',
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
  })
  await bundle.write({ dir: builtFolder, format: 'esm', cleanDir: true })
  await bundle.close()
}
