import { findNearestName, NightlatchError, type Provider } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescription } from './option-descriptions.ts'
import { type PresetName, presetModules, titles } from './preset-modules.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** A provider that is chosen by its name. */
export interface Preset {
  readonly name: PresetName
  /** The vendor and the product, for people. */
  readonly title: string
  /** Every option by its name; empty for a provider without options. */
  readonly options: Readonly<Record<string, OptionDescription>>
  readonly facts: ProviderFacts
  /**
   * Describes the provider.
   *
   * @param options values by option name, from a configuration file or a command line; default none
   * @returns a provider to pass to `createClient`
   * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
   */
  describe(options?: object): Provider
}

/**
 * The names and titles of all presets, sorted by name; loads none of them.
 *
 * @example
 * ```ts
 * import { listPresets } from '@nightlatch/providers/presets'
 *
 * const names = listPresets().map(({ name }) => name)
 * ```
 */
export function listPresets(): readonly { readonly name: PresetName; readonly title: string }[] {
  return Object.entries(titles).map(([name, title]) => ({ name: name as PresetName, title }))
}

/**
 * Loads the module of one provider.
 *
 * @param name one of `listPresets()`
 * @returns its options as data, its facts, and the function that describes it
 * @throws NightlatchError `invalid_options` for an unknown name, with the nearest one
 * @example
 * ```ts
 * import { createClient } from '@nightlatch/core'
 * import { loadPreset } from '@nightlatch/providers/presets'
 *
 * const preset = await loadPreset('entra-id')
 * const client = createClient(preset.describe({ tenant: 'acme.onmicrosoft.com' }), { credentials })
 * ```
 */
export async function loadPreset(name: string): Promise<Preset> {
  if (!isPresetName(name)) throw unknownPreset(name)
  const { optionDescriptions: options, facts, describe } = await presetModules[name]()
  return {
    name,
    title: titles[name],
    options,
    facts,
    describe: (given) => describe(checkOptions(name, given, options)),
  }
}

function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(titles, name)
}

function unknownPreset(name: string): NightlatchError {
  const names = Object.keys(titles)
  const nearest = findNearestName(name, names)
  const wayOut = nearest === undefined ? `The names are ${names.join(', ')}.` : `Did you mean \`${nearest}\`?`
  return new NightlatchError('invalid_options', `Unknown provider \`${name}\`. ${wayOut}`)
}
