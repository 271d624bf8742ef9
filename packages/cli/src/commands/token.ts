import type { AccessToken, Client } from '@nightlatch/core'
import type { Command } from 'commander'
import { addConnectionFlags, type ConnectionFlags, withClient } from '../connect.ts'
import type { Io } from '../io.ts'
import { withDoctorNext } from '../next-step.ts'
import { type Output, styled } from '../output/output.ts'
import { findTarget, type Target } from '../target.ts'
import { describeProviders } from './provider-argument.ts'

interface TokenFlags extends ConnectionFlags {
  readonly json?: true
  readonly showToken?: true
}

/** `nightlatch token <provider>`: requests a token and describes it. */
export function addTokenCommand(program: Command, io: Io, output: Output): void {
  const command = program
    .command('token')
    .description('request a token and describe it; print the token itself only with --show-token')
    .argument('<provider>', describeProviders())
    .option('--show-token', 'print only the token')
    .addHelpText('after', examples)
  addConnectionFlags(command)
  command.action(async (name: string) => {
    const flags = command.optsWithGlobals<TokenFlags>()
    const target = await findTarget(name, flags.config)
    await withDoctorNext(target, command, () =>
      withClient(target, flags, { io, output }, (client) => askForToken(target, client, flags, output)),
    )
  })
}

const examples = `
The client secret comes from the environment, a file, or a prompt at a terminal. There is no flag for it, because
flags appear in the list of processes and stay in the shell's history.

Examples:
  $ nightlatch token prevu3d --client-id 0b6c2f3e
  $ TOKEN="$(nightlatch token prevu3d --show-token)"
  $ nightlatch token smart-completions --host https://completions.example.com \\
      --authorization-server https://auth.example.com/oauth2/aus123`

async function askForToken(
  { name, configured }: Target,
  client: Client,
  flags: TokenFlags,
  output: Output,
): Promise<void> {
  const done = output.noteWaiting(`Waiting for a token from ${name}`)
  const token = await client.token().finally(done)
  const isShown = flags.showToken === true
  if (!isShown) output.hide(token.value)

  if (flags.json === true) {
    output.printJson({
      ...(configured === undefined ? {} : { client: name }),
      provider: client.provider.name,
      ...describeToken(token),
      ...(isShown ? { accessToken: token.value } : {}),
    })
  } else if (isShown) {
    output.print(token.value)
  } else {
    const { type, scopes, expiresAt, expiresIn } = describeToken(token)
    const ends = expiresAt === null ? 'not known' : `${expiresAt}, in ${inWords(expiresIn ?? 0)}`
    output.print(styled('good', '✓'), ` ${name} gave a token`)
    output.print(`  type     ${type}`)
    output.print(`  scopes   ${scopes === null ? 'not named' : scopes.join(' ')}`)
    output.print(`  expires  ${ends}`)
  }
}

function describeToken({ type, scopes, expiresAt }: AccessToken): {
  readonly type: string
  readonly scopes: readonly string[] | null
  readonly expiresAt: string | null
  /** Seconds. */
  readonly expiresIn: number | null
} {
  return {
    type,
    scopes: scopes ?? null,
    expiresAt: expiresAt?.toISOString() ?? null,
    expiresIn: expiresAt === undefined ? null : Math.max(0, Math.round((expiresAt.getTime() - Date.now()) / 1000)),
  }
}

/** A duration in seconds as text, in its two largest units. */
export function inWords(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const said = parts.filter(([count]) => count > 0).slice(0, 2)
  return said.length === 0 ? '0 s' : said.map(([count, unit]) => `${count} ${unit}`).join(' ')
}
