import { listPresets, loadPreset, type Preset } from '@nightlatch/providers/presets'
import { type KnownProvider, knownProviders } from './providers.ts'
import type { Setting, Settings } from './settings.ts'

type OptionDescription = Preset['options'][string]

/** The names of the providers in `@nightlatch/providers`, for help and completion; loads none of them. */
export const presetNames: readonly string[] = listPresets().map(({ name }) => name)

/**
 * Loads the preset that a command line names, because its options become flags.
 *
 * @param parameters what was typed after `nightlatch`; the first name of a provider counts
 * @returns `undefined` if a built-in provider comes first, or no preset is named
 */
export async function findNamedPreset(parameters: readonly string[]): Promise<KnownProvider | undefined> {
  const isProvider = (name: string): boolean =>
    presetNames.includes(name) || knownProviders.some((known) => known.name === name)
  return await findPreset(parameters.find(isProvider) ?? '')
}

/** Returns the preset with a name, as a provider of the command line; `undefined` if there is none. */
export async function findPreset(name: string): Promise<KnownProvider | undefined> {
  return presetNames.includes(name) ? toKnownProvider(await loadPreset(name)) : undefined
}

function toKnownProvider({ name, title, options, describe }: Preset): KnownProvider {
  const prefix = toWords(name)
  const secretVariable = `${prefix}_CLIENT_SECRET`
  const described = Object.entries(options)
  return {
    name,
    title,
    secretVariable,
    settings: [
      { name: 'clientId', flag: '--client-id <id>', variable: `${prefix}_CLIENT_ID`, description: 'client id' },
      {
        name: 'clientSecretFile',
        flag: '--client-secret-file <path>',
        description: `file with the client secret, - reads stdin; default ${secretVariable}`,
      },
      ...described.map(([option, description]) => toSetting(option, description, prefix)),
    ],
    needs: [
      ['clientId'],
      ...described.filter(([, { required }]) => required).map(([option]) => [settingNameOf(option)]),
    ],
    describe: (settings) => describe(toOptions(settings, options)),
    placeholders: {},
  }
}

function toSetting(
  option: string,
  { type, choices, description, isSecret }: OptionDescription,
  prefix: string,
): Setting {
  const name = settingNameOf(option)
  const accepted = type === 'boolean' ? ['true', 'false'] : choices
  return {
    name,
    flag: `--${toWords(name).toLowerCase().replaceAll('_', '-')} <${type === 'url' ? 'url' : 'value'}>`,
    variable: `${prefix}_${toWords(option)}`,
    description: type === 'strings' ? `${description}; separated by spaces` : description,
    ...(type === 'url' && { isUrl: true }),
    ...(accepted !== undefined && { choices: accepted }),
    ...(isSecret !== undefined && { isSecret }),
  }
}

/** Converts the texts of flags and environment variables to the types of the options. */
function toOptions(settings: Settings, options: Preset['options']): object {
  const given = Object.entries(options).flatMap(([name, { type }]) => {
    const text = settings[settingNameOf(name)]
    return text === undefined ? [] : [[name, toValue(text, type)] as const]
  })
  return Object.fromEntries(given)
}

function toValue(text: string, type: OptionDescription['type']): string | boolean | readonly string[] {
  if (type === 'strings') return text.split(/\s+/).filter(Boolean)
  return type === 'boolean' && /^(true|false)$/.test(text) ? text === 'true' : text
}

/** Flags that commands have for themselves; an option of the same name is `--provider-region`. */
const ownFlags: readonly string[] = ['region', 'username', 'variable']

function settingNameOf(option: string): string {
  return ownFlags.includes(option) ? `provider${option.charAt(0).toUpperCase()}${option.slice(1)}` : option
}

/** `COMPANY_ID` of `companyId`, `ENTRA_ID` of `entra-id`. */
function toWords(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toUpperCase()
}
