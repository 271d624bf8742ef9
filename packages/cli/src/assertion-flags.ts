import type { AssertionSource, ClientAuthentication } from '@nightlatch/core'
import { type Command, Option } from 'commander'
import { CommandError } from './command-error.ts'
import type { Io } from './io.ts'
import type { Output } from './output/output.ts'
import { nameOfFlag } from './settings.ts'

/** Flags by name, as Commander parsed them. */
type Flags = Readonly<Record<string, unknown>>

/** The platforms of `--assertion`, and the flag that each accepts besides. */
const platforms: Readonly<Record<string, 'assertionAudience' | 'assertionVariable' | undefined>> = {
  github: 'assertionAudience',
  gitlab: 'assertionVariable',
  vercel: undefined,
  google: 'assertionAudience',
  azure: 'assertionAudience',
}

const flagsOf = {
  assertion: '--assertion <platform>',
  assertionFile: '--assertion-file <path>',
  assertionAudience: '--assertion-audience <audience>',
  assertionVariable: '--assertion-variable <name>',
  assertionType: '--assertion-type <type>',
} as const

/** Adds the flags for a platform's JWT to a command. */
export function addAssertionFlags(command: Command): void {
  const { assertion, assertionFile, assertionAudience, assertionVariable, assertionType } = flagsOf
  const added = [
    new Option(assertion, 'authenticate by the JWT of this platform').choices(Object.keys(platforms)),
    new Option(assertionFile, 'or by the JWT in this file, such as a projected token of Kubernetes'),
    new Option(assertionAudience, 'github, google, azure: the audience of the JWT'),
    new Option(assertionVariable, 'gitlab: the variable that holds the ID token'),
    new Option(assertionType, 'how the JWT is sent; default jwt-bearer').choices(['jwt-bearer', 'jwt-spiffe', 'grant']),
  ]
  for (const option of added) command.addOption(option.helpGroup("A platform's JWT in place of a client secret:"))
}

/** The flags that are set, for a client that takes none of them. */
export function findAssertionFlags(flags: Flags): readonly string[] {
  return Object.entries(flagsOf).flatMap(([name, flag]) => (flags[name] === undefined ? [] : nameOfFlag(flag)))
}

/** Whether the client authenticates by a platform's JWT. */
function hasAssertion(flags: Flags): boolean {
  return flags.assertion !== undefined || flags.assertionFile !== undefined
}

/**
 * Reads the client authentication from the flags.
 *
 * @returns `undefined` if the flags name no JWT
 * @throws CommandError `wrong_usage` for flags that do not fit, NightlatchError `invalid_options`
 */
export async function readAssertion(
  flags: Flags,
  { io, output }: { readonly io: Io; readonly output: Output },
): Promise<ClientAuthentication | undefined> {
  checkFlags(flags)
  if (!hasAssertion(flags)) return undefined
  const [{ clientAssertion, jwtBearerGrant }, source] = await Promise.all([
    import('@nightlatch/core'),
    findSource(flags, io),
  ])
  const hiding = hideJwts(source, output)
  if (flags.assertionType === 'grant') return jwtBearerGrant(hiding)
  return clientAssertion(hiding, { type: flags.assertionType === 'jwt-spiffe' ? 'jwt-spiffe' : 'jwt-bearer' })
}

function checkFlags(flags: Flags): void {
  const { assertion, assertionFile } = flags
  const mistake = (message: string): never => {
    throw new CommandError('wrong_usage', message)
  }
  if (!hasAssertion(flags)) {
    const [alone] = findAssertionFlags(flags)
    if (alone !== undefined) mistake(`${alone} requires --assertion or --assertion-file`)
    return
  }
  if (assertion !== undefined && assertionFile !== undefined)
    mistake('only one of --assertion, --assertion-file can be set')
  for (const other of ['clientSecretFile', 'clientAuthentication']) {
    const flag = `--${other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    if (flags[other] !== undefined) mistake(`${flag} and a JWT of the platform exclude each other: remove one of them`)
  }
  const platform = String(assertion ?? '')
  for (const name of ['assertionAudience', 'assertionVariable'] as const) {
    if (flags[name] === undefined || platforms[platform] === name) continue
    const owners = Object.keys(platforms).filter((one) => platforms[one] === name)
    mistake(`${nameOfFlag(flagsOf[name])} is a setting of --assertion ${owners.join(', ')} alone`)
  }
  const required = { google: 'assertionAudience', gitlab: 'assertionVariable' } as const
  if (platform === 'google' || platform === 'gitlab') {
    const name = required[platform]
    if (flags[name] === undefined) mistake(`--assertion ${platform} requires ${flagsOf[name]}`)
  }
}

async function findSource(flags: Flags, { env: environment }: Io): Promise<AssertionSource> {
  const { fromFile, githubActions, gitlab, vercel, googleMetadata, azureManagedIdentity } = await import(
    '@nightlatch/workload-identity'
  )
  const { assertion, assertionFile, assertionVariable } = flags
  const audience = typeof flags.assertionAudience === 'string' ? { audience: flags.assertionAudience } : {}
  switch (assertion) {
    case 'github':
      return githubActions({ ...audience, environment })
    case 'gitlab':
      return gitlab(String(assertionVariable), { environment })
    case 'vercel':
      return vercel({ environment })
    case 'google':
      return googleMetadata({ audience: String(flags.assertionAudience), environment })
    case 'azure':
      return azureManagedIdentity({ ...audience, environment })
    default:
      return fromFile(String(assertionFile))
  }
}

/** A source whose JWTs the output redacts. Its name stays, because it is part of the cache key. */
export function hideJwts(source: AssertionSource, output: Output): AssertionSource {
  const hiding = async (): Promise<string> => {
    const jwt = await source()
    if (typeof jwt === 'string') output.hide(jwt.trim())
    return jwt
  }
  return Object.defineProperty(hiding, 'name', { value: source.name })
}
