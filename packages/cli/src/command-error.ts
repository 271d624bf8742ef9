/** What went wrong, in a word a script can branch on; a `NightlatchError` brings its own. */
export type CommandErrorCode =
  /** The command was given what it does not take, or not given what it needs. */
  | 'wrong_usage'
  /** The API answered, and not with a 2xx. */
  | 'api_refused'
  /** The API did not answer. */
  | 'api_unavailable'
  /** The API did not answer in time. */
  | 'api_timed_out'

/** A failure of the command line's own. */
export class CommandError extends Error {
  readonly code: CommandErrorCode
  /** What a script is told besides: status, url, body. */
  readonly details: Readonly<Record<string, unknown>>
  readonly hints: readonly string[]

  constructor(
    code: CommandErrorCode,
    message: string,
    more: { readonly details?: Readonly<Record<string, unknown>>; readonly hints?: readonly string[] } = {},
  ) {
    super(message)
    this.name = 'CommandError'
    this.code = code
    this.details = more.details ?? {}
    this.hints = more.hints ?? []
  }
}

/** Ends a command whose result, printed already, says what is wrong: exit status 1, and nothing more is told. */
export class AlreadyTold extends Error {}
