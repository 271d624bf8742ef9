import type { AccessToken, Client } from '@nightlatch/core'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CommandError } from '../command-error.ts'
import { addCacheFlag, addConnectionFlags, withClient } from '../connect.ts'
import { inWords } from '../duration-words.ts'
import type { Io } from '../io.ts'
import { withDoctorNext } from '../next-step.ts'
import { type Output, styled } from '../output/output.ts'
import type { SettingsPlan } from '../settings.ts'
import { findTarget, type Target } from '../target.ts'
import { formatFlags, formatNames, operations, programFormats } from '../token-format/token-formats.ts'
import type { TokenFlags } from '../token-format/token-request.ts'
import { describeProviders } from './provider-argument.ts'

/** `nightlatch token <provider>`: requests a token and describes it, or prints it for another program. */
export function addTokenCommand(program: Command, io: Io, output: Output, plans: readonly SettingsPlan[]): void {
  const command = program
    .command('token')
    .description(
      'request a token and describe it; print the token itself only with --show-token or a --format that has it',
    )
    .argument('<provider>', describeProviders())
    .argument('[operation]', 'of a credential helper: get, store, erase or list; Git and Docker add it')
    .option('--show-token', 'print only the token')
    .addOption(new Option('--format <format>', 'what another program reads; default text').choices(formatNames))
    .option(
      '--minimum-lifetime <seconds>',
      'seconds for which the token lives at least, if the server issues such tokens; at most 604800',
      readMinimumLifetime,
    )
    .addHelpText('after', examples)
  const ofFormats = 'Settings of single formats:'
  for (const [flag, description] of [
    ['--username <name>', 'git-credential, docker: the user name beside the token; default oauth2'],
    ['--variable <name>', 'env: the name of the variable; default ACCESS_TOKEN'],
    ['--role-arn <arn>', 'aws-process: the role that trusts the issuer of the token [AWS_ROLE_ARN]'],
    ['--role-session-name <name>', 'aws-process: default nightlatch [AWS_ROLE_SESSION_NAME]'],
    ['--region <region>', "aws-process: of AWS's Security Token Service [AWS_REGION]"],
  ] as const) {
    command.addOption(new Option(flag, description).helpGroup(ofFormats))
  }
  addCacheFlag(command)
  addConnectionFlags(command, plans)
  command.action(async (name: string, operation: string | undefined) => {
    const flags = command.optsWithGlobals<TokenFlags>()
    checkFormat(flags, operation)
    const target = await findTarget(name, flags.config)
    await withDoctorNext(target, command, () =>
      withClient(target, flags, { io, output }, async (client) => {
        const token = (): Promise<AccessToken> => requestToken(target, client, flags, output)
        const load = programFormats[flags.format ?? '']
        if (load === undefined) return describeToken(await token(), target, client, flags, output)
        const print = await load()
        await print({ target, client, flags, operation, io, output, token })
      }),
    )
  })
}

const examples = `
The client secret comes from the environment, a file, or a prompt at a terminal. There is no flag for it, because
flags appear in the list of processes and stay in the shell's history.

Examples:
  $ nightlatch token prevu3d --client-id 0b6c2f3e
  $ TOKEN="$(nightlatch token prevu3d --show-token)"
  $ nightlatch token prevu3d --format header | curl --header @- https://api-ue1.prevu3d.com/realityconnect-api/
  $ nightlatch token smart-completions --host https://completions.example.com \\
      --authorization-server https://auth.example.com/oauth2/aus123`

/** @throws CommandError `wrong_usage` for flags that do not fit the format */
function checkFormat(flags: TokenFlags, operation: string | undefined): void {
  const { format = flags.json === true ? 'json' : 'text', json } = flags
  if (json === true && format !== 'json') {
    throw new CommandError('wrong_usage', `--json and --format ${format} exclude each other: remove one of them`)
  }
  for (const [name, formats] of Object.entries(formatFlags)) {
    if (flags[name] === undefined || formats.includes(format)) continue
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    throw new CommandError('wrong_usage', `--${flag} is a setting of --format ${formats.join(' and ')} alone`)
  }
  if (operation === undefined || operations[format]?.includes(operation) === true) return
  const known = operations[format]
  throw new CommandError(
    'wrong_usage',
    known === undefined
      ? `${operation} is an operation of --format git-credential and docker alone`
      : `--format ${format} knows no operation ${operation}`,
    { hints: known === undefined ? [] : [`Known operations: ${known.join(', ')}.`] },
  )
}

async function requestToken(
  { name }: Target,
  client: Client,
  { minimumLifetime }: TokenFlags,
  output: Output,
): Promise<AccessToken> {
  const done = output.noteWaiting(`Waiting for a token from ${name}`)
  const token = await client.token(minimumLifetime === undefined ? {} : { minimumLifetime }).finally(done)
  const { expiresIn } = lifetimeOf(token)
  if (minimumLifetime !== undefined && expiresIn !== null && expiresIn < Math.floor(minimumLifetime)) {
    output.note(`The token lives ${expiresIn} s: the server issues none that lives ${minimumLifetime} s.`)
  }
  return token
}

function describeToken(
  token: AccessToken,
  { name, configured }: Target,
  { provider }: Client,
  flags: TokenFlags,
  output: Output,
): void {
  const isShown = flags.showToken === true
  if (!isShown) output.hide(token.value)
  const { type, scopes } = token
  const { expiresAt, expiresIn } = lifetimeOf(token)
  if (flags.json === true || flags.format === 'json') {
    output.printJson({
      ...(configured === undefined ? {} : { client: name }),
      provider: provider.name,
      type,
      scopes: scopes ?? null,
      expiresAt,
      expiresIn,
      ...(isShown ? { accessToken: token.value } : {}),
    })
  } else if (isShown) {
    output.print(token.value)
  } else {
    const ends = expiresAt === null ? 'not known' : `${expiresAt}, in ${inWords(expiresIn ?? 0)}`
    output.print(styled('good', '✓'), ` token of ${name}`)
    output.print(`  type     ${type}`)
    output.print(`  scopes   ${scopes === undefined ? 'not named' : scopes.join(' ')}`)
    output.print(`  expires  ${ends}`)
  }
}

function lifetimeOf({ expiresAt }: AccessToken): {
  readonly expiresAt: string | null
  /** Seconds. */
  readonly expiresIn: number | null
} {
  return {
    expiresAt: expiresAt?.toISOString() ?? null,
    expiresIn: expiresAt === undefined ? null : Math.max(0, Math.round((expiresAt.getTime() - Date.now()) / 1000)),
  }
}

function readMinimumLifetime(text: string): number {
  const seconds = Number(text)
  if (text.trim() !== '' && seconds > 0 && seconds <= 604_800) return seconds
  throw new InvalidArgumentError('It must be a number of seconds, at most 604800.')
}
