import { isIPv4 } from 'node:net'
import { type Credentials, NightlatchError, type Provider, type TokenStore } from '@nightlatch/core'
import { smartApi, smartCompletions } from '@nightlatch/hexagon'
import { prevu3d } from '@nightlatch/prevu3d'
import type {
  GatewayClient,
  GatewayConfiguration,
  GatewayCredentials,
  ListenAddress,
  RedisConfiguration,
  Secret,
  TlsConfiguration,
} from './configuration.ts'
import { readEnvironment } from './environment.ts'
import { readSecret } from './secret-reference.ts'
import type {
  ValidAddress,
  ValidCaller,
  ValidClient,
  ValidConfiguration,
  ValidStore,
  ValidTls,
  ValidUpstream,
} from './valid-configuration.ts'

/** Credentials are read again before each grant, so that a rotated secret is found without a restart. */
const credentialsMaxAge = 1

/**
 * Checks a configuration and resolves its defaults, providers and secrets.
 *
 * @throws NightlatchError `invalid_options`; the message names each mistake by its path
 */
export async function validateConfiguration(config: GatewayConfiguration): Promise<ValidConfiguration> {
  const hasCallers = config.callers !== undefined
  const listen = await Promise.all(
    (config.listen ?? [{ host: '127.0.0.1', port: 8711 }]).map((address, at) => readAddress(address, `listen[${at}]`)),
  )
  for (const [at, address] of listen.entries()) {
    if (address.kind !== 'host' || isLoopback(address.host)) continue
    if (address.tls === undefined || !hasCallers) {
      throw new NightlatchError(
        'invalid_options',
        `listen[${at}]: ${address.host} is not a loopback address, so it requires \`tls\` and a \`callers\` section`,
      )
    }
  }
  return {
    clients: mapValues(config.clients, readClient),
    store: config.store === undefined ? undefined : await readStore(config.store),
    listen,
    admin: config.admin === undefined ? undefined : await readAddress(config.admin, 'admin'),
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

function readClient({ provider, credentials, ...options }: GatewayClient, name: string): ValidClient {
  return {
    provider: resolveProvider(provider, name),
    options: {
      ...options,
      label: name,
      credentials:
        typeof credentials === 'function'
          ? credentials
          : () => readCredentials(credentials, `clients.${name}.credentials`),
      credentialsMaxAge,
    },
    source: { provider, credentials, options },
  }
}

function resolveProvider(provider: GatewayClient['provider'], client: string): Provider {
  if (!('use' in provider)) return provider
  const { use, ...options } = provider
  const factories: Readonly<Record<string, (options: never) => unknown>> = {
    prevu3d,
    'smart-api': smartApi,
    'smart-completions': smartCompletions,
  }
  const factory = Object.hasOwn(factories, use) ? factories[use] : undefined
  if (factory === undefined) {
    throw new NightlatchError('invalid_options', `clients.${client}.provider.use: unknown provider`)
  }
  return factory(options as never) as Provider
}

async function readCredentials(credentials: GatewayCredentials, path: string): Promise<Credentials> {
  const members = Object.entries(credentials) as readonly [string, Secret][]
  const read = members.map(
    async ([name, secret]) => [name, await readSecret(secret, `${path}.${name}`, readEnvironment())] as const,
  )
  return Object.fromEntries(await Promise.all(read)) as unknown as Credentials
}

async function readStore(store: RedisConfiguration | TokenStore): Promise<ValidStore> {
  if (!('redis' in store)) return { kind: 'store', store }
  const { redis, prefix, encryptionKeys } = store
  return {
    kind: 'redis',
    url: await readSecret(redis, 'store.redis', readEnvironment()),
    prefix,
    readEncryptionKeys: () =>
      Promise.all(encryptionKeys.map((key, at) => readSecret(key, `store.encryptionKeys[${at}]`, readEnvironment()))),
    source: store,
  }
}

async function readAddress(address: ListenAddress, path: string): Promise<ValidAddress> {
  if ('socket' in address) {
    return { kind: 'socket', path: address.socket, mode: Number.parseInt(address.mode ?? '0660', 8) }
  }
  if ('descriptor' in address) return { kind: 'descriptor', descriptor: address.descriptor }
  const { host = '127.0.0.1', port, tls } = address
  return { kind: 'host', host, port, tls: tls && (await readTls(tls, `${path}.tls`)) }
}

async function readTls({ certificate, key, clientAuthority }: TlsConfiguration, path: string): Promise<ValidTls> {
  return {
    certificate: await readSecret(certificate, `${path}.certificate`, readEnvironment()),
    key: await readSecret(key, `${path}.key`, readEnvironment()),
    clientAuthority:
      clientAuthority && (await readSecret(clientAuthority, `${path}.clientAuthority`, readEnvironment())),
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From, name: string) => To,
): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]))
}
