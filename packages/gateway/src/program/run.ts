import { loadConfiguration } from '../load-configuration.ts'
import { formatAccess, listAccess } from './access-table.ts'
import { makeKey } from './make-key.ts'
import { type ProgramArguments, parseArguments } from './parse-arguments.ts'
import { reportFailure } from './program-error.ts'
import type { ExitStatus, ProgramIo } from './program-io.ts'
import { serve } from './serve.ts'

const help = [
  'Usage: nightlatch-gateway [--config FILE]',
  '       nightlatch-gateway check [--config FILE]',
  '       nightlatch-gateway key NAME',
  '',
  'Forwards requests to APIs with a fresh access token, and serves tokens to callers that may have them.',
  '',
  'Commands:',
  '  (none)           run the gateway; standard output has one JSON line for each listener and each request',
  '  check            check the configuration, and print who may do what',
  '  key NAME         make a key for a caller: prints the key, then the line for the configuration',
  '',
  'Options:',
  '  --config FILE    the configuration; default gateway.config.ts, .mts, .mjs, .js, .json, .yaml or .yml',
  '  --json           print one JSON document, also for errors; for check and key',
  '  --version        print the version',
  '  -h, --help       print this text',
  '',
  'Signals: SIGHUP reloads the configuration, as a change of the file does. SIGTERM finishes requests for at most 30 s.',
  'Exit status: 0 success, 1 the gateway cannot start, 2 wrong usage or a mistake in the configuration.',
].join('\n')

/**
 * Runs the program.
 *
 * @param parameters what was typed after `nightlatch-gateway`
 */
export async function run(parameters: readonly string[], io: ProgramIo): Promise<ExitStatus> {
  const isJson = parameters.includes('--json')
  try {
    return await runCommand(parseArguments(parameters), isJson, io)
  } catch (failure) {
    return reportFailure(failure, isJson, io)
  }
}

async function runCommand(given: ProgramArguments, isJson: boolean, io: ProgramIo): Promise<ExitStatus> {
  const print = (text: string, json: unknown): void => void io.stdout.write(`${isJson ? JSON.stringify(json) : text}\n`)
  switch (given.command) {
    case 'help':
      print(help, { help })
      return 0
    case 'version':
      print(io.version, { version: io.version })
      return 0
    case 'key': {
      const name = given.name ?? ''
      const { key, digest } = makeKey(name)
      print(`${key}\n${digest}`, { name, key, digest })
      if (!isJson) {
        const place = `callers.${name}.keys`
        io.stderr.write(`The first line is the key, which is shown only now. Add the second line to ${place}.\n`)
      }
      return 0
    }
    case 'check': {
      const { file, config } = await loadConfiguration(given.config, io.folder, io.environment)
      const access = listAccess(config)
      print(formatAccess(access), { file, access })
      return 0
    }
    case 'run':
      await serve(given.config, io)
      return 0
  }
}
