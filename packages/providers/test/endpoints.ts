import { listPresets, type PresetName } from '../src/presets.ts'
import type { DocumentedEndpoint } from './documented-endpoint.ts'

/** What the vendors' pages say, by the name of the preset; a preset without a file in `documented` is an error. */
export const endpoints: readonly (DocumentedEndpoint & { readonly name: PresetName; readonly title: string })[] =
  await Promise.all(
    listPresets().map(async (preset) => {
      const { documented }: { documented: DocumentedEndpoint } = await import(`./documented/${preset.name}.ts`)
      return { ...preset, ...documented }
    }),
  )
