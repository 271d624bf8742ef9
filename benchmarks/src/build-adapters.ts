/** The adapters as JavaScript, so that no process that is timed from its start has to strip types. */
import { join } from 'node:path'
import { rolldown } from 'rolldown'

/** Inside the package, so that what is imported is found. Not committed. */
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
