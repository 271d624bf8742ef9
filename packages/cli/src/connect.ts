import { type Client, createClient } from '@latchkey/core'
import { type Command, InvalidArgumentError } from 'commander'
import { hasClientSecret, readClientSecret } from './client-secret.ts'
import type { Io } from './io.ts'
import type { Output } from './output.ts'
import { type KnownProvider, knownProviders } from './providers.ts'
import { addSettings, readSettings } from './settings.ts'

/** Flags of a command that talks to a provider. */
export interface ConnectionFlags {
  readonly timeout: number
  readonly [setting: string]: unknown
}

/** Gives a command the flags that say whom to talk to, and as whom. */
export function addConnectionFlags(command: Command): void {
  command.option('--timeout <seconds>', 'how long to wait for a token, for an address, for an answer', readSeconds, 10)
  addSettings(command, knownProviders)
}

/**
 * Does something with a client of a provider, as flags and environment describe it, and closes it again.
 *
 * @throws CommandError `wrong_usage`, LatchkeyError `invalid_options`, or what is thrown on the way
 */
export async function withClient(
  known: KnownProvider,
  flags: ConnectionFlags,
  { io, output }: { readonly io: Io; readonly output: Output },
  use: (client: Client<unknown>) => Promise<void>,
): Promise<void> {
  const { name: provider, secretVariable: variable } = known
  const file = typeof flags.clientSecretFile === 'string' ? flags.clientSecretFile : undefined
  const sources = { file, variable, provider }
  const alsoMissing = hasClientSecret(sources, io) ? [] : [`${variable}, or --client-secret-file`]
  const settings = readSettings(known, flags, io.env, knownProviders, alsoMissing)
  const { clientId = '' } = settings
  const clientSecret = await readClientSecret(sources, io)
  output.hide(clientSecret)
  const client = createClient(known.describe(settings), {
    credentials: { clientId, clientSecret },
    timeout: flags.timeout,
    fetch: createHidingFetch(output),
  })
  try {
    await use(client)
  } finally {
    await client.close()
  }
}

function readSeconds(text: string): number {
  const seconds = Number(text)
  if (text.trim() !== '' && seconds > 0 && seconds <= 3600) return seconds
  throw new InvalidArgumentError('It must be a number of seconds, an hour at most.')
}

/** `fetch`, with all that it carries as `Authorization` hidden: the Basic header of the grant, the token of each request. */
export function createHidingFetch(output: Output): typeof globalThis.fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined))
    const [, value = ''] = headers.get('authorization')?.split(' ') ?? []
    output.hide(value)
    return fetch(input, init)
  }
}
