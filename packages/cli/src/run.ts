import { findNearestName } from '@nightlatch/core'
import { Command, CommanderError, type OutputConfiguration } from 'commander'
import { CommandError, ExitWithStatus } from './command-error.ts'
import { reportFailure } from './failure.ts'
import type { Io } from './io.ts'
import { FailureWithNextStep, helpStep } from './next-step.ts'
import { createOutput, type Output } from './output/output.ts'
import { findNamedPreset } from './preset-providers.ts'
import { knownProviders } from './providers.ts'
import type { SettingsPlan } from './settings.ts'

/**
 * Runs the command line.
 *
 * @param parameters what was typed after `nightlatch`
 * @param version the version of this package
 * @returns the exit status: 0 success, 1 the provider or the API rejected a request or did not respond, 2 wrong usage
 */
export async function run(parameters: readonly string[], io: Io, version: string): Promise<0 | 1 | 2> {
  const output = createOutput(io)
  const isJson = parameters.includes('--json')
  // Collects what Commander prints itself, because --json prints one document.
  let printed = ''
  const preset = await findNamedPreset(parameters)
  const program = createProgram(version, {
    writeOut: (text) => {
      if (isJson) printed += text
      else output.print(text.replace(/\n$/, ''))
    },
    writeErr: (text) => {
      if (!isJson) output.note(text.replace(/\n$/, ''))
    },
  })
  try {
    const plans = preset === undefined ? knownProviders : [preset]
    for (const name of findNeededCommands(parameters)) await commands[name]({ program, io, output, plans })
    await program.parseAsync([...parameters], { from: 'user' })
    return 0
  } catch (thrown) {
    // Commander throws this after it has printed help or version.
    if (thrown instanceof CommanderError && thrown.exitCode === 0) {
      if (isJson)
        output.printJson(thrown.code === 'commander.version' ? { version: printed.trim() } : { help: printed })
      return 0
    }
    if (thrown instanceof ExitWithStatus) return 1
    const report = reportFailure(addHelp(thrown, program, parameters))
    // No command was given, and Commander has already printed the help on stderr.
    const isHelpPrinted = thrown instanceof CommanderError && thrown.code === 'commander.help'
    if (isJson) output.printJson({ error: report.fields })
    else if (!isHelpPrinted) output.noteFailure(report)
    return report.exitStatus
  }
}

/** Adds the command's help to a usage error, and the most similar flag to an unknown flag. */
function addHelp(thrown: unknown, program: Command, parameters: readonly string[]): unknown {
  const isUsage =
    (thrown instanceof CommanderError && thrown.code !== 'commander.help') ||
    (thrown instanceof CommandError && thrown.code === 'wrong_usage')
  if (!isUsage || (thrown instanceof CommandError && thrown.hints.some((hint) => hint.includes('nightlatch ')))) {
    return thrown
  }
  const command = program.commands.find((known) => parameters.includes(known.name()))
  const [, flag] = /^error: unknown option '(--[^'=]+)/.exec(thrown.message) ?? []
  const flags = [...(command?.options ?? []), ...program.options].flatMap(({ long }) => long ?? [])
  const nearest = flag === undefined ? undefined : findNearestName(flag, flags)
  const failure = nearest === undefined ? thrown : new FailureWithNextStep(thrown, `Did you mean ${nearest}?`)
  return new FailureWithNextStep(failure, helpStep(command?.name() ?? ''))
}

function createProgram(version: string, writers: OutputConfiguration): Command {
  return new Command('nightlatch')
    .description('OAuth 2.0 client credentials in a shell: get a token, call an API, find out why a request fails.')
    .version(version)
    .option('--json', 'print one JSON document, also for errors')
    .option(
      '--config <path>',
      'configuration file; default nightlatch.config.ts (.mts, .js, .mjs) in the working directory',
    )
    .exitOverride()
    .configureOutput({
      ...writers,
      // `run` prints all errors.
      outputError: () => undefined,
    })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', examples)
}

/** What a command needs to add itself to the program. */
interface Parts {
  readonly program: Command
  readonly io: Io
  readonly output: Output
  readonly plans: readonly SettingsPlan[]
}

/** All commands in the order of the help, each in a module that is loaded when a command line needs it. */
const commands = {
  async demo({ program, output }) {
    const { addDemoCommand } = await import('./commands/demo.ts')
    addDemoCommand(program, output)
  },
  async token({ program, io, output, plans }) {
    const { addTokenCommand } = await import('./commands/token.ts')
    addTokenCommand(program, io, output, plans)
  },
  async call({ program, io, output, plans }) {
    const { addCallCommand } = await import('./commands/call.ts')
    addCallCommand(program, io, output, plans)
  },
  async doctor({ program, io, output, plans }) {
    const { addDoctorCommand } = await import('./commands/doctor.ts')
    addDoctorCommand(program, io, output, plans)
  },
  async cache({ program, io, output }) {
    const { addCacheCommand } = await import('./commands/cache.ts')
    addCacheCommand(program, io, output)
  },
  async providers({ program, output }) {
    const { addProvidersCommand } = await import('./commands/providers.ts')
    addProvidersCommand(program, output)
  },
  async new({ program, io, output }) {
    const { addNewCommand } = await import('./commands/new.ts')
    addNewCommand(program, io, output)
  },
  async completion({ program, output }) {
    const { addCompletionCommand } = await import('./commands/completion.ts')
    addCompletionCommand(program, output)
  },
} as const satisfies Readonly<Record<string, (parts: Parts) => Promise<void>>>

type CommandName = keyof typeof commands

/**
 * The commands that a command line needs: the one that it begins with, and each that it names, or all of them. `doctor` is the
 * next step after a failure of others.
 */
function findNeededCommands(parameters: readonly string[]): readonly CommandName[] {
  const all = Object.keys(commands) as CommandName[]
  const first = parameters.find((parameter) => !parameter.startsWith('-'))
  const isAlone = all.some((name) => name === first) && first !== 'completion'
  return isAlone ? all.filter((name) => name === 'doctor' || parameters.includes(name)) : all
}

const examples = `
Examples:
  $ nightlatch demo
  $ nightlatch token prevu3d
  $ nightlatch call prevu3d 'v1/nodes/{organization_id}/browse'
  $ nightlatch doctor prevu3d
  $ nightlatch token entra-id --help
  $ nightlatch providers
  $ nightlatch new acme

Exit status: 0 success, 1 the provider or the API rejected a request or did not respond, 2 wrong usage.`
