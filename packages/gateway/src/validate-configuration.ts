import { NightlatchError } from '@nightlatch/core'
import type { GatewayConfiguration } from './configuration.ts'
import { configurationSchema } from './configuration-schema.ts'
import { readEnvironment } from './environment.ts'
import { findReferenceMistakes } from './reference-mistakes.ts'
import { resolveAddress } from './resolve-address.ts'
import { resolveClient } from './resolve-client.ts'
import { resolveStore } from './resolve-store.ts'
import type { Environment, Resolution } from './secret-reference.ts'
import type {
  ValidAddress,
  ValidCaller,
  ValidClient,
  ValidConfiguration,
  ValidUpstream,
} from './valid-configuration.ts'
import { isObject, type Mistake, type Report } from './value-checks.ts'

/** How a configuration is checked. */
export interface ValidationOptions {
  /** Whether it is JSON or YAML, in which a secret is never a literal. Default `false`. */
  readonly isData?: boolean
  /** Default: that of this program. */
  readonly environment?: Environment
}

/** A configuration without mistakes, or its mistakes. */
export type ConfigurationResult =
  | { readonly valid: ValidConfiguration; readonly mistakes?: undefined }
  | { readonly valid?: undefined; readonly mistakes: readonly Mistake[] }

/**
 * Checks a configuration and resolves its defaults, providers and secrets.
 *
 * @throws NightlatchError `invalid_options`; the message names each mistake by its path
 */
export async function validateConfiguration(config: GatewayConfiguration): Promise<ValidConfiguration> {
  const { valid, mistakes } = await checkConfiguration(config)
  if (valid !== undefined) return valid
  const sentences = mistakes.map(({ message }) => message)
  throw new NightlatchError('invalid_options', sentences.join('; ').replaceAll('?; ', '? '))
}

/** Checks a configuration and finds all of its mistakes. */
export async function checkConfiguration(
  config: unknown,
  options: ValidationOptions = {},
): Promise<ConfigurationResult> {
  const { isData = false, environment = readEnvironment() } = options
  const mistakes: Mistake[] = []
  const report: Report = (path, message) => void mistakes.push({ path, message })
  configurationSchema(isData)(config, '', report)
  if (!isObject(config)) return { mistakes }
  const shapeMistakes = [...mistakes]
  const isSound = (part: string): boolean =>
    !shapeMistakes.some(({ path }) => path === part || path.startsWith(`${part}.`) || path.startsWith(`${part}[`))
  const given = config as unknown as GatewayConfiguration
  findReferenceMistakes(given, isSound, report)
  const parts = await resolveParts(given, isSound, { report, environment })
  for (const [name, upstream] of Object.entries(isObject(given.upstreams) ? given.upstreams : {})) {
    const { client } = upstream ?? {}
    const made = typeof client === 'string' && Object.hasOwn(parts.clients, client) ? parts.clients[client] : undefined
    if (made === undefined || made.provider.api !== undefined) continue
    const path = `upstreams.${name}.client`
    report(path, `${path}: the provider of \`${client}\` has no API. Set clients.${client}.provider.api`)
  }
  if (mistakes.length > 0) return { mistakes }
  return { valid: { ...withDefaults(given), ...parts } }
}

/** Resolves what has to be read or made; a part with a mistake is reported and left out. */
async function resolveParts(
  config: GatewayConfiguration,
  isSound: (path: string) => boolean,
  resolution: Resolution,
): Promise<Pick<ValidConfiguration, 'clients' | 'store' | 'listen' | 'admin'>> {
  const { clients, store, listen = [{ host: '127.0.0.1', port: 8711 }], admin } = config
  const made: [string, ValidClient][] = []
  for (const [name, client] of Object.entries(isObject(clients) ? clients : {})) {
    const valid = isSound(`clients.${name}`) ? await resolveClient(client, name, resolution) : undefined
    if (valid !== undefined) made.push([name, valid])
  }
  const addresses: ValidAddress[] = []
  for (const [at, address] of (Array.isArray(listen) ? listen : []).entries()) {
    const path = `listen[${at}]`
    const valid = isSound(path) ? await resolveAddress(address, path, resolution) : undefined
    if (valid !== undefined) addresses.push(valid)
  }
  return {
    clients: Object.fromEntries(made),
    store: store === undefined || !isSound('store') ? undefined : await resolveStore(store, resolution),
    listen: addresses,
    admin: admin === undefined || !isSound('admin') ? undefined : await resolveAddress(admin, 'admin', resolution),
  }
}

function withDefaults(
  config: GatewayConfiguration,
): Omit<ValidConfiguration, 'clients' | 'store' | 'listen' | 'admin'> {
  return {
    hosts: config.hosts ?? [],
    callers: config.callers && mapValues(config.callers, (caller): ValidCaller => ({ concurrency: 100, ...caller })),
    upstreams: mapValues(
      config.upstreams ?? {},
      (upstream): ValidUpstream => ({
        allow: [],
        authorize: [],
        maxBodyBytes: 104_857_600,
        replayBytes: 65_536,
        timeout: 30,
        websocket: false,
        forwarded: false,
        ...upstream,
      }),
    ),
    tokens: config.tokens ?? {},
  }
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From, name: string) => To,
): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]))
}
