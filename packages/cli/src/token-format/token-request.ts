import type { AccessToken, Client } from '@nightlatch/core'
import { CommandError } from '../command-error.ts'
import type { ConnectionFlags } from '../connect.ts'
import type { Io } from '../io.ts'
import type { Output } from '../output/output.ts'
import type { Target } from '../target.ts'

/** Flags of `nightlatch token`. */
export interface TokenFlags extends ConnectionFlags {
  readonly json?: true
  readonly showToken?: true
  readonly format?: string
  /** Seconds. */
  readonly minimumLifetime?: number
  readonly username?: string
  readonly variable?: string
  readonly roleArn?: string
  readonly roleSessionName?: string
  readonly region?: string
}

/** One run of `nightlatch token`, as a format sees it. */
export interface TokenRequest {
  readonly target: Target
  readonly client: Client
  readonly flags: TokenFlags
  /** What the calling program asks for: `get`, `store`, `erase` or `list`. */
  readonly operation: string | undefined
  readonly io: Io
  readonly output: Output
  /** Requests the token, with the flags' minimum lifetime. */
  token(): Promise<AccessToken>
}

/** Prints a token in one format. */
export type PrintToken = (request: TokenRequest) => Promise<void>

/**
 * Requests a token that another program can send.
 *
 * @throws CommandError `wrong_usage` for a token that is bound to a key of this process
 */
export async function bearerToken({ token, flags, target }: TokenRequest): Promise<AccessToken> {
  const granted = await token()
  if (granted.type === 'Bearer') return granted
  throw new CommandError(
    'wrong_usage',
    `${target.name}: --format ${flags.format} requires a Bearer token, and this one is bound to a key by DPoP`,
    { hints: ['Only the client that requested the token can use it. Use nightlatch call, or the library.'] },
  )
}

/** An instant without milliseconds, by RFC 3339: `2026-11-21T22:01:35Z`. */
export function toTimestamp(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}
