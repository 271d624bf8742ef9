import type { Command } from 'commander'
import { CommandError, ExitWithStatus } from '../command-error.ts'
import { addConnectionFlags, type ConnectionFlags, refuseSettings } from '../connect.ts'
import type { Io } from '../io.ts'
import { type Output, styled } from '../output/output.ts'
import { knownProviders } from '../providers.ts'
import { findForeignFlags, type SettingsPlan } from '../settings.ts'
import { findTarget } from '../target.ts'
import { describeProviders } from './provider-argument.ts'

interface DoctorFlags extends ConnectionFlags {
  readonly json?: true
  readonly probeAuthentication?: true
}

/** `nightlatch doctor <provider>`: checks everything from the settings to an API call, and advises what to do. */
export function addDoctorCommand(program: Command, io: Io, output: Output, plans: readonly SettingsPlan[]): void {
  const command = program
    .command('doctor')
    .description('check everything from the settings to an API call, and advise what to do')
    .argument('<provider>', describeProviders())
    .option(
      '--probe-authentication',
      'if the server rejects the client, try other ways to send the credentials, at most two; each may count as a failed sign-in',
    )
    .addHelpText('after', examples)
  addConnectionFlags(command, plans)
  command.action((name: string) => seeDoctor(name, command.optsWithGlobals<DoctorFlags>(), io, output))
}

const examples = `
The command requests one token and makes one call that changes nothing. It shows neither the secret nor a token.
Exit status: 0 success or only warnings; 1 a step failed; 2 wrong usage.

Examples:
  $ nightlatch doctor prevu3d
  $ nightlatch doctor smart-completions --probe-authentication
  $ nightlatch doctor prevu3d --json`

async function seeDoctor(name: string, flags: DoctorFlags, io: Io, output: Output): Promise<void> {
  const [{ examine }, { describeReport, hasFailure, printStep, printWhatToDo }] = await Promise.all([
    import('../doctor/examine.ts'),
    import('../doctor/report.ts'),
  ])
  const known = await findTarget(name, flags.config)
  if (known.configured === undefined) {
    const [foreign] = findForeignFlags(known, flags, knownProviders)
    if (foreign !== undefined) throw new CommandError('wrong_usage', foreign)
  } else refuseSettings(known, flags)
  const isForPeople = flags.json !== true
  if (isForPeople) output.print(styled('title', `${known.title} (${known.name})`))
  const { taken, tokenRequests } = await examine({
    known,
    flags,
    mayProbe: flags.probeAuthentication === true,
    isForPeople,
    io,
    output,
    onStep(step) {
      if (isForPeople) printStep(step, output)
    },
  })
  if (isForPeople) printWhatToDo(taken, output)
  else output.printJson(describeReport(known.name, taken, tokenRequests))
  if (hasFailure(taken)) throw new ExitWithStatus()
}
