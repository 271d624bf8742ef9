import { access, readFile, stat } from 'node:fs/promises'
import { basename, dirname, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { NightlatchError } from '@nightlatch/core'
import { parseDocument } from 'yaml'

/** What a configuration file contains, before it is checked. */
export interface ConfigurationFile {
  /** The path as given, or the name of the file found. */
  readonly file: string
  /** The absolute path. */
  readonly path: string
  /** The folder that paths in the configuration are relative to. */
  readonly folder: string
  /** Whether the file is data (JSON or YAML), in which a secret is never a literal. */
  readonly isData: boolean
  readonly content: unknown
}

const extensions: readonly string[] = ['ts', 'mts', 'mjs', 'js', 'json', 'yaml', 'yml']

/** File names in the working directory, in order of precedence. */
const names = extensions.map((extension) => `gateway.config.${extension}`)

/**
 * Finds the configuration file: the named one, or the first of the default names in the folder.
 *
 * @param named the path, relative to the folder
 * @param folder the working directory
 * @returns the absolute path, and the path to show
 * @throws NightlatchError `invalid_options` if there is no such file
 */
export async function findConfigurationFile(
  named: string | undefined,
  folder: string,
): Promise<{ readonly file: string; readonly path: string }> {
  for (const name of named === undefined ? names : [named]) {
    const path = resolve(folder, name)
    try {
      await access(path)
      return { file: named ?? basename(path), path }
    } catch {
      // Try the next name.
    }
  }
  throw new NightlatchError(
    'invalid_options',
    named === undefined
      ? 'There is no gateway.config.ts, .mts, .mjs, .js, .json, .yaml or .yml in the working directory. Write one, or name a file: nightlatch-gateway --config FILE'
      : `${named} cannot be found. Check the path after --config`,
  )
}

/**
 * Reads a configuration file: the default export of a module, or the data of a JSON or YAML file.
 *
 * @throws NightlatchError `invalid_options` if the file cannot be read or parsed
 */
export async function readConfigurationFile(found: {
  readonly file: string
  readonly path: string
}): Promise<ConfigurationFile> {
  const { file, path } = found
  const extension = extname(path).slice(1)
  if (!extensions.includes(extension)) throw unreadable(file, `its name must end in .${extensions.join(', .')}`)
  const parse = extension === 'json' ? parseJson : extension === 'yaml' || extension === 'yml' ? parseYaml : undefined
  const content = parse === undefined ? await importModule(file, path) : parse(file, await readText(file, path))
  return { file, path, folder: dirname(path), isData: parse !== undefined, content }
}

async function readText(file: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (failure) {
    throw unreadable(file, (failure as NodeJS.ErrnoException).code ?? 'unknown error')
  }
}

function parseJson(file: string, source: string): unknown {
  let content: unknown
  try {
    content = JSON.parse(source.replace(/^\uFEFF/, ''))
  } catch {
    // The message of JSON.parse quotes the text, which may hold a secret; that of the YAML parser, of which JSON is a part, is
    // replaced below.
    const [mistake = 'it is not JSON'] = findYamlMistakes(source)
    throw unreadable(file, `it is not JSON: ${mistake}`)
  }
  // JSON.parse keeps the last of two members of one name, so a mistake could go unnoticed.
  const mistakes = findYamlMistakes(source)
  if (mistakes.length > 0) throw unreadable(file, mistakes.join('; '))
  return content
}

function parseYaml(file: string, source: string): unknown {
  const mistakes = findYamlMistakes(source)
  if (mistakes.length > 0) throw unreadable(file, mistakes.join('; '))
  try {
    return parseDocument(source, parserOptions).toJS({ maxAliasCount: 100 })
  } catch {
    throw unreadable(file, 'it uses too many aliases, or an alias of a value that is not there')
  }
}

const parserOptions = { version: '1.2', uniqueKeys: true, prettyErrors: false, logLevel: 'silent' } as const

/**
 * What is wrong with a document, by line and column: names that are there twice, and the first mistake of another kind, which may
 * have caused the ones after it. The parser's own messages quote the text, which may hold a secret.
 */
function findYamlMistakes(source: string): readonly string[] {
  const { errors, warnings } = parseDocument(source, { ...parserOptions, logLevel: 'warn' })
  const all = [...errors, ...warnings]
  const first = all.find(({ code }) => code !== 'DUPLICATE_KEY')
  return all
    .filter((mistake) => mistake === first || mistake.code === 'DUPLICATE_KEY')
    .map(({ code, pos: [from] }) => {
      const lines = source.slice(0, from).split('\n')
      const place = `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`
      return `${place}: ${code === 'DUPLICATE_KEY' ? 'this name is there twice' : code.toLowerCase().replaceAll('_', ' ')}`
    })
}

async function importModule(file: string, path: string): Promise<unknown> {
  let exported: { readonly default?: unknown }
  try {
    const url = pathToFileURL(path)
    // Node keeps a module by its URL; another query makes it read the file again after a change.
    url.searchParams.set('changed', String((await stat(path)).mtimeMs))
    exported = (await import(url.href)) as { readonly default?: unknown }
  } catch (failure) {
    const { code, message } = (failure instanceof Error ? failure : new Error('it threw')) as NodeJS.ErrnoException
    const wayOut =
      code === 'ERR_UNKNOWN_FILE_EXTENSION' ? '. With this Node, write the file in JavaScript: gateway.config.mjs' : ''
    throw unreadable(file, `${message.split('\n')[0]}${wayOut}`)
  }
  if (exported.default === undefined) {
    throw new NightlatchError(
      'invalid_options',
      `${file} must export by default what defineGateway({ clients: ... }) returns`,
    )
  }
  return exported.default
}

function unreadable(file: string, reason: string): NightlatchError {
  return new NightlatchError('invalid_options', `${file} cannot be read: ${reason}`)
}
