import { access } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ClientOptions, Provider } from '@nightlatch/core'
import { CommandError } from './command-error.ts'
import { showMessage } from './foreign-error.ts'
import { isSlug } from './slug.ts'

/** A client of the configuration file: its provider, and all options of `createClient`. */
export interface ClientConfiguration extends ClientOptions {
  // Providers differ in the type of their discovered info; the command line takes any.
  readonly provider: Provider<never> | Provider
}

/** What a configuration file exports. */
export interface Configuration {
  /** Clients by name, for `nightlatch token <name>`. A name has lower-case letters, digits and dashes. */
  readonly clients: Readonly<Record<string, ClientConfiguration>>
}

/**
 * Adds types to a configuration file, `nightlatch.config.ts`, which exports the returned object by default.
 *
 * @param configuration the clients, by name
 * @returns the same object
 * @example
 * ```ts
 * import { defineConfig } from '@nightlatch/cli'
 *
 * export default defineConfig({
 *   clients: {
 *     orders: {
 *       provider: { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' },
 *       credentials: { clientId: 'robot', clientSecret: process.env.ACME_SECRET },
 *     },
 *   },
 * })
 * ```
 */
export function defineConfig(configuration: Configuration): Configuration {
  return configuration
}

/** A configuration file and its clients. */
export interface FoundConfiguration {
  /** The path as the user typed it, or the file's name. */
  readonly file: string
  readonly clients: ReadonlyMap<string, ClientConfiguration>
}

/** File names in the working directory, in order of precedence. */
const names = ['nightlatch.config.ts', 'nightlatch.config.mts', 'nightlatch.config.js', 'nightlatch.config.mjs']

/**
 * Reads the named configuration file, or the one in the working directory; `undefined` if there is no file.
 *
 * @param taken names that no client can have
 * @throws CommandError `wrong_usage` if the file cannot be read or exports something else
 */
export async function readConfiguration(
  named: string | undefined,
  taken: readonly string[],
): Promise<FoundConfiguration | undefined> {
  const path = named ?? (await findFile())
  if (path === undefined) return undefined
  const file = named ?? basename(path)
  const exported = await importFile(path, file)
  // Compiled to CommonJS, the default export is one level deeper.
  const made = { ...(exported.default as Partial<Configuration> & { readonly default?: Partial<Configuration> }) }
  const clients = made.clients ?? made.default?.clients
  if (typeof clients !== 'object' || clients === null) {
    throw new CommandError('wrong_usage', `${file} must export by default what defineConfig({ clients: ... }) returns`)
  }
  const mistakes = Object.entries(clients).flatMap(([name, client]) => findMistakes(name, client, taken))
  if (mistakes.length > 0) {
    throw new CommandError('wrong_usage', `${file} cannot be used`, { hints: mistakes })
  }
  return { file, clients: new Map(Object.entries(clients)) }
}

async function findFile(): Promise<string | undefined> {
  for (const name of names) {
    try {
      await access(name)
      return resolve(name)
    } catch {
      // Try the next name.
    }
  }
  return undefined
}

async function importFile(path: string, file: string): Promise<{ readonly default?: unknown }> {
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as { readonly default?: unknown }
  } catch (failure) {
    const { code, message } = (
      failure instanceof Error ? failure : new Error('it threw a value that is not an Error')
    ) as NodeJS.ErrnoException
    const hints =
      code === 'ERR_UNKNOWN_FILE_EXTENSION'
        ? [
            'Node reads TypeScript since 22.18. With an older Node, write the file in JavaScript: nightlatch.config.mjs.',
          ]
        : []
    throw new CommandError('wrong_usage', `${file} cannot be read: ${showMessage(message).split('\n')[0]}`, { hints })
  }
}

function findMistakes(name: string, client: unknown, taken: readonly string[]): readonly string[] {
  const path = `clients.${name}`
  if (!isSlug(name)) return [`${path}: a name must consist of lower-case letters, digits and dashes`]
  if (taken.includes(name)) return [`${path}: this is the name of a built-in provider; choose another`]
  if (typeof client !== 'object' || client === null) return [`${path} must be an object with provider and credentials`]
  return ['provider', 'credentials'].flatMap((member) =>
    (client as Record<string, unknown>)[member] == null ? [`${path}.${member} is missing`] : [],
  )
}
