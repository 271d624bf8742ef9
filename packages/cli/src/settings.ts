import { type Command, Option } from 'commander'
import { CommandError } from './command-error.ts'

/** The settings that there are, over all providers. */
type SettingName =
  | 'clientId'
  | 'clientSecretFile'
  | 'cloudApiUrl'
  | 'apiOrigin'
  | 'host'
  | 'apiUrl'
  | 'authorizationServer'
  | 'tokenEndpoint'
  | 'issuer'
  | 'scope'
  | 'resource'
  | 'clientAuthentication'

/** A setting of a provider: a flag, or an environment variable where there is one; the flag wins. */
export interface Setting {
  readonly name: SettingName
  /** As commander spells it: `--client-id <id>`. */
  readonly flag: string
  readonly variable?: string
  readonly description: string
  /** Of an absolute URL. */
  readonly isUrl?: boolean
  readonly choices?: readonly string[]
  /** May be given more than once; its values are then joined by spaces. */
  readonly isRepeatable?: boolean
}

/** What a provider can be told. */
export interface SettingsPlan {
  /** The provider's name. */
  readonly name: string
  /** What its flags are listed under. */
  readonly title: string
  readonly settings: readonly Setting[]
  /** Of each group exactly one is needed. */
  readonly needs: readonly (readonly SettingName[])[]
}

/** What was found, by setting. */
export type Settings = Readonly<Partial<Record<SettingName, string>>>

/** Gives a command the flags of all the providers: each listed once, with those who know it. */
export function addSettings(command: Command, plans: readonly SettingsPlan[]): void {
  const flags = new Set(plans.flatMap(({ settings }) => settings.map(({ flag }) => flag)))
  for (const flag of flags) {
    const owners = plans.filter(({ settings }) => settings.some((setting) => setting.flag === flag))
    const known = owners.flatMap(({ settings }) => settings.filter((setting) => setting.flag === flag))
    const [setting] = known
    if (setting === undefined) continue
    const variables = [...new Set(known.flatMap(({ variable }) => variable ?? []))]
    const option = new Option(flag, describe(setting.description, variables))
    if (setting.choices !== undefined) option.choices(setting.choices)
    if (setting.isRepeatable === true) {
      option.argParser((value: string, before: string | undefined) =>
        before === undefined ? value : `${before} ${value}`,
      )
    }
    const isOfAll = owners.length === plans.length
    option.helpGroup(isOfAll ? 'Credentials:' : `Settings of ${owners.map(({ name }) => name).join(', ')}:`)
    command.addOption(option)
  }
}

function describe(description: string, variables: readonly string[]): string {
  return variables.length === 0 ? description : `${description} [${variables.join(' or ')}]`
}

/**
 * What a provider was told, by flags and by the environment.
 *
 * @param flags what commander read, by the names of the settings
 * @param alsoMissing what else is, to be named with the rest
 * @throws CommandError `wrong_usage`, naming every mistake and everything missing at once
 */
export function readSettings(
  plan: SettingsPlan,
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
  plans: readonly SettingsPlan[],
  alsoMissing: readonly string[] = [],
): Settings {
  const found = findSettings(plan, flags, env)
  const mistakes = [...findForeignFlags(plan, flags, plans), ...found.mistakes]
  const missing = [...found.missing, ...alsoMissing]
  if (missing.length === 0 && mistakes.length === 0) return found.settings
  const [only, ...others] = mistakes
  if (missing.length === 0 && only !== undefined && others.length === 0) throw new CommandError('wrong_usage', only)
  throw new CommandError('wrong_usage', `${plan.name} cannot be asked with these settings`, {
    hints: [...missing.map((what) => `missing: ${what}`), ...mistakes],
  })
}

/** What flags and environment hold, and what is wrong with it. */
export interface FoundSettings {
  readonly settings: Settings
  /** Where each comes from: its flag, or its variable. */
  readonly sources: ReadonlyMap<SettingName, string>
  readonly missing: readonly string[]
  readonly mistakes: readonly string[]
}

/** What a provider was told; nothing is thrown for what is wrong. */
export function findSettings(
  plan: SettingsPlan,
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): FoundSettings {
  const mistakes: string[] = []
  const byFlag = new Map<SettingName, string>()
  const byVariable = new Map<SettingName, string>()
  for (const { name, variable } of plan.settings) {
    const flag = flags[name]
    if (typeof flag === 'string') byFlag.set(name, flag)
    // What a script leaves empty it leaves out.
    const found = variable === undefined ? undefined : env[variable]
    if (found !== undefined && found !== '') byVariable.set(name, found)
  }

  const missing: string[] = []
  for (const group of plan.needs) {
    // A flag displaces whatever the environment says of its group.
    const source = group.some((name) => byFlag.has(name)) ? byFlag : byVariable
    for (const name of group) if (source === byFlag) byVariable.delete(name)
    const given = group.filter((name) => source.has(name))
    if (given.length === 0) missing.push(group.map((name) => spell(plan, name)).join(', or '))
    if (given.length > 1) {
      const said = given.map((name) => spell(plan, name, source === byFlag ? 'flag' : 'variable'))
      mistakes.push(`only one of ${said.join(', ')} can be set`)
    }
  }

  const settings = { ...Object.fromEntries(byVariable), ...Object.fromEntries(byFlag) }
  for (const { name, isUrl } of plan.settings) {
    const value = settings[name]
    if (isUrl === true && value !== undefined && !URL.canParse(value)) {
      mistakes.push(`${spell(plan, name, byFlag.has(name) ? 'flag' : 'variable')} must be an absolute URL`)
    }
  }
  const sources = new Map<SettingName, string>()
  for (const name of byVariable.keys()) sources.set(name, spell(plan, name, 'variable'))
  for (const name of byFlag.keys()) sources.set(name, spell(plan, name, 'flag'))
  return { settings, sources, missing, mistakes }
}

/** `--client-id` of `--client-id <id>`. */
export function nameOfFlag(flag: string): string {
  return flag.split(' ')[0] ?? flag
}

/** `--client-id or PREVU3D_CLIENT_ID`, or one of the two. */
function spell(plan: SettingsPlan, name: SettingName, part?: 'flag' | 'variable'): string {
  const setting = plan.settings.find((known) => known.name === name)
  const flag = setting === undefined ? name : nameOfFlag(setting.flag)
  if (part === 'flag' || setting?.variable === undefined) return flag
  return part === 'variable' ? setting.variable : `${flag} or ${setting.variable}`
}

/** Flags of other providers. */
export function findForeignFlags(
  plan: SettingsPlan,
  flags: Readonly<Record<string, unknown>>,
  plans: readonly SettingsPlan[],
): string[] {
  const all = new Map(plans.flatMap(({ settings }) => settings.map((setting) => [setting.name, setting.flag])))
  return [...all]
    .filter(([name]) => flags[name] !== undefined && !plan.settings.some((setting) => setting.name === name))
    .map(([, flag]) => `${nameOfFlag(flag)} is no setting of ${plan.name}`)
}
