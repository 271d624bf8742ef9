/** Builds the programs that are measured from outside as JavaScript, so that start-up times include no type stripping. */
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { bundleFunctions } from './bundle-functions.ts'

/** Inside the package, so that imports resolve; not committed. */
export const builtFolder: string = join(import.meta.dirname, '../.built')

/** @param nodeOptions only `--conditions=...` is used */
export async function buildAdapters(nodeOptions: readonly string[]): Promise<void> {
  const conditions = nodeOptions.flatMap((option) => /^--conditions=(.+)$/.exec(option)?.[1] ?? [])
  const source = (name: string): string => join(import.meta.dirname, `${name}.ts`)
  const programs = await rolldown({
    input: [source('first-answer'), source('function-runtime')],
    platform: 'node',
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
  })
  await programs.write({ dir: builtFolder, format: 'esm', cleanDir: true })
  await programs.close()
  // Whole, so that other runtimes resolve no packages of the workspace.
  const whole = await rolldown({
    input: source('runtime-peer'),
    platform: 'node',
    resolve: { conditionNames: [...conditions, 'import', 'node', 'default'] },
  })
  await whole.write({ dir: join(builtFolder, 'runtime'), format: 'esm' })
  await whole.close()
  await bundleFunctions(conditions)
}
