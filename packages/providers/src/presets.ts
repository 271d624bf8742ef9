// The registry of the providers, which the command line and the gateway use.
export type { OptionDescription } from './option-descriptions.ts'
export type { PresetName } from './preset-modules.ts'
export { listPresets, loadPreset, type Preset } from './preset-registry.ts'
export type { ProviderFacts } from './provider-facts.ts'
