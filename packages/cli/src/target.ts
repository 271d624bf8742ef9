import type { ClientOptions, Provider } from '@nightlatch/core'
import { findNearestName } from '@nightlatch/core'
import { CommandError } from './command-error.ts'
import { type ClientConfiguration, readConfiguration } from './configuration.ts'
import { findPreset, presetNames } from './preset-providers.ts'
import { type KnownProvider, knownProviders } from './providers.ts'

/** What `<provider>` names: a built-in provider, a client of the configuration file, or a preset. */
export interface Target extends KnownProvider {
  /** `undefined` for a built-in provider, which flags and environment configure. */
  readonly configured?: ConfiguredClient
  /** The preset of the same name as a configured client, whose flags it does not take. */
  readonly preset?: KnownProvider
}

/** A client of the configuration file. */
export interface ConfiguredClient {
  readonly file: string
  readonly provider: Provider
  readonly options: ClientOptions
}

/** The token endpoint, or the issuer whose metadata names it. */
export function addressOf({ provider }: ConfiguredClient): string {
  return String(provider.tokenEndpoint ?? provider.issuer)
}

const builtIn = knownProviders.map(({ name }) => name)

/** All clients of the configuration file; empty if there is no file. */
export async function findConfigured(config: string | undefined): Promise<readonly Target[]> {
  const found = await readConfiguration(config, builtIn)
  return [...(found?.clients ?? [])].map(([name, client]) => toTarget(name, found?.file ?? '', client))
}

/**
 * Finds the target with a name.
 *
 * @param config the configuration file, if a flag names one
 * @throws CommandError `wrong_usage` if no target has this name, listing all targets
 */
export async function findTarget(name: string, config: string | undefined): Promise<Target> {
  const known = knownProviders.find((provider) => provider.name === name)
  if (known !== undefined) return known
  const configured = await findConfigured(config)
  const target = configured.find((client) => client.name === name)
  const preset = await findPreset(name)
  if (target !== undefined) return preset === undefined ? target : { ...target, preset }
  if (preset !== undefined) return preset
  const names = [...builtIn, ...configured.map((client) => client.name)]
  const all = [...names, ...presetNames]
  const nearest = findNearestName(name, all)
  throw new CommandError('wrong_usage', `there is no provider or client ${name}`, {
    hints: [
      ...(nearest === undefined ? [] : [`Did you mean ${nearest}?`]),
      `Known names: ${names.join(', ')}, and the vendors that nightlatch providers lists.`,
      'Run nightlatch providers for the settings of each.',
      ...(configured.length === 0 ? ['To add your own client, name it in nightlatch.config.ts.'] : []),
    ],
  })
}

function toTarget(name: string, file: string, { provider, ...options }: ClientConfiguration): Target {
  const described = provider as Provider
  return {
    name,
    title: `${described.name}, as in ${file}`,
    secretVariable: file,
    settings: [{ name: 'clientId', flag: file, description: 'client id' }],
    needs: [],
    describe: () => described,
    placeholders: knownProviders.find((known) => known.name === described.name)?.placeholders ?? {},
    configured: { file, provider: described, options },
  }
}
