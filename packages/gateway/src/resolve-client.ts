import { type Credentials, createClient, NightlatchError } from '@nightlatch/core'
import type { GatewayClient, GatewayCredentials, Secret } from './configuration.ts'
import { resolveProvider } from './provider-reference.ts'
import { type Environment, messageOf, type Resolution, readSecret } from './secret-reference.ts'
import type { ValidClient } from './valid-configuration.ts'
import type { Report } from './value-checks.ts'

/** Credentials are read again before each grant, so that a rotated secret is found without a restart. */
const credentialsMaxAge = 1

/**
 * Makes a client's provider and options, after the core has checked them with the credentials as they are now.
 *
 * @returns `undefined` if there is a mistake, which is reported
 */
export async function resolveClient(
  { provider: described, credentials, ...rest }: GatewayClient,
  name: string,
  { report, environment }: Resolution,
): Promise<ValidClient | undefined> {
  const path = `clients.${name}`
  const provider = await resolveProvider(described as Readonly<Record<string, unknown>>, `${path}.provider`, report)
  const readAgain = (): Promise<Credentials> => readCredentials(credentials as GatewayCredentials, path, environment)
  const source = typeof credentials === 'function' ? credentials : readAgain
  let current: Credentials | typeof source = source
  if (typeof credentials !== 'function') {
    try {
      current = await readAgain()
    } catch (failure) {
      report(`${path}.credentials`, messageOf(failure))
      if (provider !== undefined)
        findClientMistakes(path, () => createClient(provider, { ...rest, credentials: source }), report)
      return undefined
    }
  }
  if (provider === undefined) return undefined
  const isUsable = findClientMistakes(path, () => createClient(provider, { ...rest, credentials: current }), report)
  if (!isUsable) return undefined
  return {
    provider,
    options: { ...rest, label: name, credentials: source, credentialsMaxAge },
    source: { provider: described, credentials, options: rest },
  }
}

/** Lets the core check a client's provider and options, and translates the paths in its messages. */
function findClientMistakes(path: string, create: () => unknown, report: Report): boolean {
  try {
    create()
    return true
  } catch (failure) {
    // The core joins its mistakes in one line; each begins with the path of an option or of the provider.
    const mistakes = messageOf(failure).split(/(?<=\?) (?=Unknown |provider|options)|; (?=Unknown |provider|options)/)
    for (const mistake of mistakes) {
      const translated = mistake
        .replaceAll(/\boptions\./g, `${path}.`)
        .replaceAll(/(^|`)provider(?=[. ])/g, `$1${path}.provider`)
      report(path, translated.includes(path) ? translated : `${path}: ${translated}`)
    }
    return false
  }
}

async function readCredentials(
  credentials: GatewayCredentials,
  path: string,
  environment: Environment,
): Promise<Credentials> {
  const members = Object.entries(credentials) as readonly [string, Secret][]
  const entries: [string, unknown][] = []
  for (const [name, secret] of members) {
    const value = await readSecret(secret, `${path}.credentials.${name}`, environment)
    entries.push([name, name === 'privateKey' && value.trimStart().startsWith('{') ? parseJwk(value, path) : value])
  }
  return Object.fromEntries(entries) as unknown as Credentials
}

function parseJwk(value: string, path: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    throw new NightlatchError('invalid_options', `${path}.credentials.privateKey must be PEM, or a JWK as JSON`)
  }
}
