import { type Command, Option } from 'commander'
import { CommandError } from './command-error.ts'

/** The name of a setting, such as `clientId` or an option of a preset. */
type SettingName = string

/** A setting of a provider. Its flag takes precedence over its environment variable. */
export interface Setting {
  readonly name: SettingName
  /** In Commander's syntax: `--client-id <id>`. */
  readonly flag: string
  readonly variable?: string
  readonly description: string
  /** The value must be an absolute URL. */
  readonly isUrl?: boolean
  readonly choices?: readonly string[]
  /** Only the environment can hold it, because the list of processes shows flags. */
  readonly isSecret?: boolean
  /** Can be repeated; the values are joined by spaces. */
  readonly isRepeatable?: boolean
}

/** The settings of one provider. */
export interface SettingsPlan {
  /** The provider's name. */
  readonly name: string
  /** Its name for people. */
  readonly title: string
  readonly settings: readonly Setting[]
  /** Of each group, exactly one setting is required. */
  readonly needs: readonly (readonly SettingName[])[]
}

/** Values by setting. */
export type Settings = Readonly<Record<SettingName, string | undefined>>

/** Adds the flags of all providers to a command, each once, grouped by the providers that take it. */
export function addSettings(command: Command, plans: readonly SettingsPlan[]): void {
  const flags = new Set(plans.flatMap(({ settings }) => settings.map(({ flag }) => flag)))
  for (const flag of flags) {
    const owners = plans.filter(({ settings }) => settings.some((setting) => setting.flag === flag))
    const known = owners.flatMap(({ settings }) => settings.filter((setting) => setting.flag === flag))
    const [setting] = known
    if (setting === undefined || setting.isSecret === true) continue
    const variables = [...new Set(known.flatMap(({ variable }) => variable ?? []))]
    const option = new Option(flag, describe(setting.description, variables))
    if (setting.choices !== undefined) option.choices(setting.choices)
    if (setting.isRepeatable === true) {
      option.argParser((value: string, before: string | undefined) =>
        before === undefined ? value : `${before} ${value}`,
      )
    }
    const isCredential = setting.name === 'clientId' || setting.name === 'clientSecretFile'
    const isOfAll = owners.length === plans.length && (plans.length > 1 || isCredential)
    option.helpGroup(isOfAll ? 'Credentials:' : `Settings of ${owners.map(({ name }) => name).join(', ')}:`)
    command.addOption(option)
  }
}

function describe(description: string, variables: readonly string[]): string {
  return variables.length === 0 ? description : `${description} [${variables.join(' or ')}]`
}

/**
 * Reads a provider's settings from flags and environment.
 *
 * @param flags what Commander parsed, by setting name
 * @param alsoMissing other missing values, for the same error
 * @throws CommandError `wrong_usage`, naming every mistake and every missing setting
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
  throw new CommandError('wrong_usage', `${plan.name} cannot be used with these settings`, {
    hints: [...missing.map((what) => `missing: ${what}`), ...mistakes],
  })
}

/** Settings from flags and environment, and their mistakes. */
export interface FoundSettings {
  readonly settings: Settings
  /** The flag or environment variable that each value comes from. */
  readonly sources: ReadonlyMap<SettingName, string>
  readonly missing: readonly string[]
  readonly mistakes: readonly string[]
}

/** Like {@link readSettings}, but returns mistakes instead of throwing them. */
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
    // Scripts often set an unused variable to an empty text.
    const found = variable === undefined ? undefined : env[variable]
    if (found !== undefined && found !== '') byVariable.set(name, found)
  }

  const missing: string[] = []
  for (const group of plan.needs) {
    // A flag overrides all environment variables of its group.
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
  if (setting?.isSecret === true) return setting.variable ?? name
  if (part === 'flag' || setting?.variable === undefined) return flag
  return part === 'variable' ? setting.variable : `${flag} or ${setting.variable}`
}

/** Reports flags that belong to other providers. */
export function findForeignFlags(
  plan: SettingsPlan,
  flags: Readonly<Record<string, unknown>>,
  plans: readonly SettingsPlan[],
): string[] {
  const all = new Map(plans.flatMap(({ settings }) => settings.map((setting) => [setting.name, setting.flag])))
  return [...all]
    .filter(([name]) => flags[name] !== undefined && !plan.settings.some((setting) => setting.name === name))
    .map(([, flag]) => `${nameOfFlag(flag)} is not a setting of ${plan.name}`)
}
