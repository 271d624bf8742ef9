import { parseArgs } from 'node:util'
import { findNearestName } from '@nightlatch/core'
import { UsageError } from './program-error.ts'

/** What was typed after `nightlatch-gateway`. */
export interface ProgramArguments {
  readonly command: 'run' | 'check' | 'key' | 'help' | 'version'
  /** The configuration file; `undefined` for the default names. */
  readonly config: string | undefined
  /** The caller's name for `key`. */
  readonly name: string | undefined
}

const options = {
  config: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const

const commands = ['check', 'key'] as const

/** @throws UsageError for an unknown option or command */
export function parseArguments(parameters: readonly string[]): ProgramArguments {
  const { values, positionals, tokens } = parseArgs({
    args: [...parameters],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    if (!Object.hasOwn(options, token.name)) throw unknown('option', token.rawName, optionNames)
    if (token.name !== 'config' && token.value !== undefined) throw new UsageError(`${token.rawName} has no value`)
  }
  const { config, help, version } = values
  if (config !== undefined && (typeof config !== 'string' || config === '')) {
    throw new UsageError('--config requires a file')
  }
  const [command = 'run', name, ...rest] = positionals
  if (help === true) return { command: 'help', config, name }
  if (version === true) return { command: 'version', config, name }
  if (command === 'key') {
    if (name === undefined) throw new UsageError('key requires the name of a caller: nightlatch-gateway key NAME')
    if (rest.length > 0) throw new UsageError('key makes the key of one caller; run it once for each')
    return { command, config, name }
  }
  if (command !== 'run' && command !== 'check') throw unknown('command', command, commands)
  if (name !== undefined) throw new UsageError(`${command === 'run' ? 'the gateway' : command} takes no parameters`)
  return { command, config, name }
}

const optionNames = Object.keys(options).map((name) => `--${name}`)

function unknown(kind: string, typed: string, known: readonly string[]): UsageError {
  const nearest = findNearestName(typed, known)
  return new UsageError(
    `unknown ${kind} \`${typed}\`. ${nearest === undefined ? `The ${kind}s are ${known.join(', ')}.` : `Did you mean \`${nearest}\`?`}`,
  )
}
