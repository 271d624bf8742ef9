import { type Client, type Credentials, createClient, type Fetch, type Provider } from '@nightlatch/core'
import { type Command, InvalidArgumentError } from 'commander'
import { hasClientSecret, readClientSecret } from './client-secret.ts'
import { CommandError } from './command-error.ts'
import type { Io } from './io.ts'
import type { Output } from './output/output.ts'
import { knownProviders } from './providers.ts'
import { addSettings, findForeignFlags, readSettings } from './settings.ts'
import type { ConfiguredClient, Target } from './target.ts'

/** Flags of a command that talks to a provider. */
export interface ConnectionFlags {
  readonly timeout?: number
  /** Of the whole command line: the configuration file. */
  readonly config?: string
  readonly [setting: string]: unknown
}

/** Gives a command the flags that say whom to talk to, and as whom. */
export function addConnectionFlags(command: Command): void {
  command.option(
    '--timeout <seconds>',
    'how long to wait for a token, for an address, for an answer; default 10',
    readSeconds,
  )
  addSettings(command, knownProviders)
}

/** Seconds: what was typed, what the configuration file says, or ten. */
export function timeoutOf({ configured }: Target, { timeout }: ConnectionFlags): number {
  return timeout ?? configured?.options.timeout ?? 10
}

/**
 * Does something with a client of a provider, as flags and environment describe it, and closes it again.
 *
 * @throws CommandError `wrong_usage`, NightlatchError `invalid_options`, or what is thrown on the way
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
    return createClient(provider, { ...options, timeout })
  }
  const { name: provider, secretVariable: variable } = target
  const file = typeof flags.clientSecretFile === 'string' ? flags.clientSecretFile : undefined
  const sources = { file, variable, provider }
  const alsoMissing = hasClientSecret(sources, io) ? [] : [`${variable}, or --client-secret-file`]
  const settings = readSettings(target, flags, io.env, knownProviders, alsoMissing)
  const { clientId = '' } = settings
  const clientSecret = await readClientSecret(sources, io)
  output.hide(clientSecret)
  return createClient(target.describe(settings), {
    credentials: { clientId, clientSecret },
    timeout,
    fetch: createHidingFetch(output),
  })
}

/**
 * A configured client takes no setting from a flag: the file says it all.
 *
 * @throws CommandError `wrong_usage`
 */
export function refuseSettings({ name }: Target, flags: ConnectionFlags): void {
  const [foreign] = findForeignFlags({ name, title: name, settings: [], needs: [] }, flags, knownProviders)
  if (foreign !== undefined) throw new CommandError('wrong_usage', `${foreign}, which is as its file says`)
}

/** A configured client whose secrets leave by no way, wherever it has them from. */
function hideSecretsOf({ provider, options }: ConfiguredClient, output: Output): Omit<ConfiguredClient, 'file'> {
  const { credentials, fetch } = options
  const hide = (read: Credentials): Credentials => {
    // What is none is refused where it is used.
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

/** A provider that puts tokens where it likes, and not into `Authorization`. */
function hideTokensOf(provider: Provider, output: Output): Provider {
  if (typeof provider.authorizeRequest !== 'function') return provider
  return {
    ...provider,
    authorizeRequest(headers, token) {
      output.hide(token.value)
      provider.authorizeRequest?.(headers, token)
    },
  }
}

function readSeconds(text: string): number {
  const seconds = Number(text)
  if (text.trim() !== '' && seconds > 0 && seconds <= 3600) return seconds
  throw new InvalidArgumentError('It must be a number of seconds, an hour at most.')
}

/** `fetch`, with all that it carries as `Authorization` hidden: the Basic header of the grant, the token of each request. */
export function createHidingFetch(output: Output, transport: Fetch = globalThis.fetch): Fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined))
    const [, value = ''] = headers.get('authorization')?.split(' ') ?? []
    output.hide(value)
    return transport(input, init)
  }
}
