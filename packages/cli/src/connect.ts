import {
  type Client,
  type ClientAuthentication,
  type ClientOptions,
  type Credentials,
  createClient,
  type Fetch,
  type Provider,
  type TokenStore,
} from '@nightlatch/core'
import { type Command, InvalidArgumentError } from 'commander'
import { addAssertionFlags, findAssertionFlags, hideJwts, readAssertion } from './assertion-flags.ts'
import { hasClientSecret, readClientSecret, secretSourcesOf } from './client-secret.ts'
import { CommandError } from './command-error.ts'
import type { Io } from './io.ts'
import type { Output } from './output/output.ts'
import { knownProviders } from './providers.ts'
import { addSettings, findForeignFlags, readSettings, type Settings, type SettingsPlan } from './settings.ts'
import type { ConfiguredClient, Target } from './target.ts'

/** Flags of a command that sends requests to a provider. */
export interface ConnectionFlags {
  readonly timeout?: number
  readonly cache?: true
  /** The configuration file, from the global flag `--config`. */
  readonly config?: string
  readonly [setting: string]: unknown
}

/** Adds the flags for settings, credentials and timeout to a command, of all providers that it can be used with. */
export function addConnectionFlags(command: Command, plans: readonly SettingsPlan[]): void {
  command.option(
    '--timeout <seconds>',
    'seconds to wait for a token, for discovery, or for a response; default 10',
    readSeconds,
  )
  addSettings(command, plans)
  addAssertionFlags(command)
}

/** Adds the flag that keeps tokens between runs to a command. */
export function addCacheFlag(command: Command): void {
  command.option(
    '--cache',
    'keep the token in an encrypted file for later runs; the key is in the keyring (secret-tool, macOS keychain), else in a file with mode 0600',
  )
}

/** The timeout in seconds: from the flag, else from the configuration file, else 10. */
export function timeoutOf({ configured }: Target, { timeout }: ConnectionFlags): number {
  return timeout ?? configured?.options.timeout ?? 10
}

/**
 * Creates a client from flags and environment, passes it to a function, and closes it.
 *
 * @throws CommandError `wrong_usage`, NightlatchError `invalid_options`, or what the function throws
 */
export async function withClient(
  target: Target,
  flags: ConnectionFlags,
  { io, output }: { readonly io: Io; readonly output: Output },
  use: (client: Client) => Promise<void>,
): Promise<void> {
  const client = await connect(target, flags, { io, output })
  try {
    await use(client)
  } finally {
    await client.close()
  }
}

async function connect(
  target: Target,
  flags: ConnectionFlags,
  { io, output }: { readonly io: Io; readonly output: Output },
): Promise<Client> {
  const timeout = timeoutOf(target, flags)
  if (target.configured !== undefined) {
    refuseSettings(target, flags)
    const { provider, options } = hideSecretsOf(target.configured, output)
    return createClient(provider, { ...options, timeout, ...(await openStore(target, provider, options, flags, io)) })
  }
  const clientAuthentication = await readAssertion(flags, { io, output })
  const common = { timeout, fetch: createHidingFetch(output) }
  if (clientAuthentication !== undefined) {
    const { clientId, ...settings } = readSettings(withoutClientId(target), flags, io.env, knownProviders)
    hideSecretSettings(target, settings, output)
    const provider = hideTokensOf({ ...(await target.describe(settings)), clientAuthentication }, output)
    const store = await openStore(target, provider, {}, flags, io)
    return createClient(provider, { credentials: clientId === undefined ? {} : { clientId }, ...common, ...store })
  }
  const sources = secretSourcesOf(target, flags)
  const alsoMissing = hasClientSecret(sources, io) ? [] : [`${sources.variable}, or --client-secret-file`]
  const settings = readSettings(target, flags, io.env, knownProviders, alsoMissing)
  const { clientId = '' } = settings
  const clientSecret = await readClientSecret(sources, io)
  output.hide(clientSecret)
  hideSecretSettings(target, settings, output)
  const provider = hideTokensOf(await target.describe(settings), output)
  const store = await openStore(target, provider, {}, flags, io)
  return createClient(provider, { credentials: { clientId, clientSecret }, ...common, ...store })
}

/** The settings of a client that authenticates by a JWT, for which the client id is optional. */
export function withoutClientId<Plan extends SettingsPlan>(plan: Plan): Plan {
  return { ...plan, needs: plan.needs.filter((group) => !group.includes('clientId')) }
}

/** @throws CommandError `wrong_usage` for a client whose tokens cannot be kept */
async function openStore(
  { name }: Target,
  { dpop }: Provider,
  { store, dpopKey }: Partial<ClientOptions>,
  { cache }: ConnectionFlags,
  io: Io,
): Promise<{ readonly store?: TokenStore }> {
  if (cache !== true) return {}
  if (store !== undefined) throw new CommandError('wrong_usage', `--cache: ${name} has a store in its file already`)
  if (dpop === true && dpopKey === undefined) {
    throw new CommandError('wrong_usage', `--cache: the tokens of ${name} are bound to a new key in each run (DPoP)`, {
      hints: ['Set `dpopKey` in the configuration file, or leave out --cache.'],
    })
  }
  const { openCache } = await import('./token-cache/open-cache.ts')
  return { store: await openCache(io) }
}

/**
 * Rejects setting flags for a client of the configuration file, which has all its settings in the file.
 *
 * @throws CommandError `wrong_usage`
 */
export function refuseSettings({ name, preset }: Target, flags: ConnectionFlags): void {
  const plans = preset === undefined ? knownProviders : [...knownProviders, preset]
  const [foreign] = findForeignFlags({ name, title: name, settings: [], needs: [] }, flags, plans)
  const [assertion] = findAssertionFlags(flags)
  if (assertion !== undefined) {
    throw new CommandError('wrong_usage', `${assertion} is not a setting of ${name}, whose settings are in its file`)
  }
  if (foreign !== undefined) throw new CommandError('wrong_usage', `${foreign}, whose settings are in its file`)
}

/** Wraps a configured client so that the output redacts its secret, its tokens and its `Authorization` headers. */
function hideSecretsOf({ provider, options }: ConfiguredClient, output: Output): Omit<ConfiguredClient, 'file'> {
  const { credentials, fetch } = options
  const hide = (read: Credentials): Credentials => {
    // The core rejects credentials that are not an object.
    const { clientSecret } = Object(read) as { readonly clientSecret?: unknown }
    if (typeof clientSecret === 'string') output.hide(clientSecret)
    return read
  }
  const hidden = typeof credentials === 'function' ? async () => hide(await credentials()) : hide(credentials)
  return {
    provider: hideTokensOf(provider, output),
    options: { ...options, credentials: hidden, fetch: createHidingFetch(output, fetch) },
  }
}

/** Redacts options that are secrets, such as a subscription key. */
export function hideSecretSettings({ settings: plan }: Target, settings: Settings, output: Output): void {
  for (const { name, isSecret } of plan) if (isSecret === true) output.hide(settings[name] ?? '')
}

/** Redacts the tokens of a provider that sends them in other headers than `Authorization`. */
function hideTokensOf(described: Provider, output: Output): Provider {
  const provider = hideAssertionsOf(described, output)
  if (typeof provider.authorizeRequest !== 'function') return provider
  return {
    ...provider,
    authorizeRequest(headers, token) {
      output.hide(token.value)
      provider.authorizeRequest?.(headers, token)
    },
  }
}

/** Redacts the JWTs of a provider that authenticates by them. */
export function hideAssertionsOf(provider: Provider, output: Output): Provider {
  const own = provider.clientAuthentication
  if (typeof own?.source !== 'function') return provider
  const source = hideJwts(own.source, output)
  const authenticate: ClientAuthentication['authenticate'] = (request, credentials) =>
    own.authenticate(request, credentials)
  return { ...provider, clientAuthentication: { ...own, source, authenticate } }
}

function readSeconds(text: string): number {
  const seconds = Number(text)
  if (text.trim() !== '' && seconds > 0 && seconds <= 3600) return seconds
  throw new InvalidArgumentError('It must be a number of seconds, at most 3600.')
}

/** A `fetch` that makes the output redact each `Authorization` value: Basic credentials and tokens. */
export function createHidingFetch(output: Output, transport: Fetch = globalThis.fetch): Fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined))
    const [, value = ''] = headers.get('authorization')?.split(' ') ?? []
    output.hide(value)
    return transport(input, init)
  }
}
