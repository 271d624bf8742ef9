import { NightlatchError } from '@nightlatch/core'
import { withAbsolutePaths } from './absolute-paths.ts'
import type { GatewayConfiguration } from './configuration.ts'
import { findConfigurationFile, readConfigurationFile } from './configuration-file.ts'
import type { Environment } from './secret-reference.ts'
import { checkConfiguration } from './validate-configuration.ts'

/** A configuration file that has no mistake. */
export interface LoadedConfiguration {
  /** The path as given, or the name of the file found. */
  readonly file: string
  /** The files whose change makes the configuration another: the file itself and those of TLS. */
  readonly watched: readonly string[]
  readonly config: GatewayConfiguration
}

/** A configuration file with mistakes. */
export class ConfigurationMistakes extends Error {
  readonly file: string
  /** A sentence each. */
  readonly mistakes: readonly string[]

  constructor(file: string, mistakes: readonly string[]) {
    super(`${file} cannot be used`)
    this.name = 'ConfigurationMistakes'
    this.file = file
    this.mistakes = mistakes
  }
}

/**
 * Reads a configuration file and checks it.
 *
 * @param named the file, or `undefined` for the first of the default names
 * @param folder the working directory
 * @throws ConfigurationMistakes with every mistake
 */
export async function loadConfiguration(
  named: string | undefined,
  folder: string,
  environment: Environment,
): Promise<LoadedConfiguration> {
  try {
    const read = await readConfigurationFile(await findConfigurationFile(named, folder))
    const config = withAbsolutePaths(read.content, read.folder)
    const { mistakes } = await checkConfiguration(config, { isData: read.isData, environment })
    if (mistakes !== undefined)
      throw new ConfigurationMistakes(
        read.file,
        mistakes.map(({ message }) => message),
      )
    return {
      file: read.file,
      watched: [read.path, ...tlsFiles(config as GatewayConfiguration)],
      config: config as GatewayConfiguration,
    }
  } catch (failure) {
    if (!(failure instanceof NightlatchError)) throw failure
    throw new ConfigurationMistakes(named ?? 'gateway.config', [failure.message])
  }
}

function tlsFiles({ listen = [], admin }: GatewayConfiguration): readonly string[] {
  const addresses = admin === undefined ? listen : [...listen, admin]
  return addresses.flatMap((address) => {
    const { tls } = 'port' in address ? address : {}
    return Object.values(tls ?? {}).flatMap((secret) =>
      typeof secret === 'object' && 'file' in secret ? secret.file : [],
    )
  })
}
