import { listPresets } from '@nightlatch/providers/presets'
import type { Command } from 'commander'
import { type Output, styled } from '../output/output.ts'
import { type KnownProvider, knownProviders } from '../providers.ts'
import { nameOfFlag, type Setting } from '../settings.ts'
import { addressOf, findConfigured, type Target } from '../target.ts'

interface ProvidersFlags {
  readonly json?: true
  readonly config?: string
}

/** `nightlatch providers`: lists built-in providers and configured clients, with their settings. */
export function addProvidersCommand(program: Command, output: Output): void {
  const command = program
    .command('providers')
    .description('list the built-in providers and the clients of the configuration file, with their settings')
  command.action(async () => {
    const { json, config } = command.optsWithGlobals<ProvidersFlags>()
    const configured = await findConfigured(config)
    if (json === true) {
      output.printJson({
        providers: knownProviders.map(describeProvider),
        clients: configured.map(describeClient),
        presets: listPresets(),
      })
      return
    }
    for (const [at, known] of knownProviders.entries()) printProvider(known, output, at > 0)
    for (const client of configured) printClient(client, output)
    const names = listPresets().map(({ name, title }) => `  ${name}  ${title}`)
    output.print(
      '\n',
      styled('title', 'other vendors'),
      `  nightlatch token <name> --help lists the settings\n${names.join('\n')}`,
    )
  })
}

function describeProvider(known: KnownProvider): object {
  const { name, title, secretVariable, settings } = known
  return {
    name,
    title,
    settings: settings.map((setting) => ({
      flag: nameOfFlag(setting.flag),
      variable: variableOf(known, setting),
      need: describeNeed(known, setting),
      description: setting.description,
      choices: setting.choices ?? null,
    })),
    clientSecretVariable: secretVariable,
  }
}

function describeClient(target: Target): object {
  const { name, configured } = target
  return { name, provider: configured?.provider.name, file: configured?.file, tokensFrom: tokensFrom(target) }
}

function printProvider(known: KnownProvider, { print }: Output, isAfterAnother: boolean): void {
  const rows = known.settings.map((setting) => [
    nameOfFlag(setting.flag),
    variableOf(known, setting) ?? '',
    describeNeed(known, setting) ?? '',
  ])
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  )
  print(isAfterAnother ? '\n' : '', styled('title', known.name), `  ${[known.title, ...lines].join('\n')}`)
}

function printClient(target: Target, { print }: Output): void {
  print('\n', styled('title', target.name), `  ${target.title}\n  tokens from ${tokensFrom(target)}`)
}

/** Origin and path only, because a query may hold a secret. */
function tokensFrom({ configured }: Target): string {
  const url = configured === undefined ? null : URL.parse(addressOf(configured))
  return url === null ? 'no URL' : `${url.origin}${url.pathname}`
}

function variableOf({ secretVariable }: KnownProvider, { name, variable }: Setting): string | null {
  return name === 'clientSecretFile' ? secretVariable : (variable ?? null)
}

/** `null` for an optional setting. */
function describeNeed({ needs }: KnownProvider, { name }: Setting): string | null {
  if (name === 'clientSecretFile') return 'needed'
  const group = needs.find((names) => names.includes(name))
  if (group === undefined) return null
  return group.length === 1 ? 'needed' : 'one of these is needed'
}
